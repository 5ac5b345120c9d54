import { withAudit } from '../audit/choose-audit.js';
import type { CliContext } from '../cli.context.js';
import { EXIT } from '../exit-code.js';
import { checkDigest } from '../../receiving/verification/digest.check.js';
import { isLoopback } from '../loopback.js';
import { baseUrlOf, routeUrl, tokenOf } from '../receiver.options.js';
import { SENT_KINDS } from '../send/kind-builders.js';
import { checkClock, readHttpClock } from './clock.check.js';
import type { DoctorOptions } from './doctor.options.js';
import { broken, formatFinding, ok, warning, type Finding } from './finding.js';
import { checkKeys } from './key.check.js';
import { KnownKeyCheck } from './known-key.check.js';
import { checkRoute, type ProbeOptions } from './route.check.js';

/** Looks at one thing after the other, and tells what is wrong with it. */
export async function doctor(options: DoctorOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  const base = baseUrlOf(options, terminal);
  const all: Finding[] = [];
  const report = (...findings: readonly Finding[]) => {
    all.push(...findings);
    if (!options.json) for (const finding of findings) terminal.text(formatFinding(finding));
  };
  const { keys, findings } = checkKeys(options, terminal);
  report(...findings, ...digestOf());
  report(await lookAtClock(options, base, signal));
  const databaseUrl = options.database ? terminal.env['DATABASE_URL']?.trim() : undefined;
  let canRead = false;
  if (databaseUrl) {
    terminal.progress('looking at the database');
    const { checkDatabase } = await import('./database.check.js');
    const examined = await checkDatabase(databaseUrl);
    canRead = examined.every(({ status }) => status !== 'broken');
    report(...examined);
  }
  report(...transportOf(base));
  const [key] = keys;
  const probe = { key: key?.key, domain: key?.domain, timeoutMs: options.timeout, signal };
  report(...(await lookAtRoutes(base, probe, canRead, options, context)));
  if (options.state !== undefined) {
    terminal.progress('looking at the templates');
    const { checkDrift } = await import('./drift.check.js');
    report(...(await checkDrift(options.state, options, terminal)));
  }
  if (options.json) terminal.json(all);
  const count = (status: Finding['status']) => all.filter((one) => one.status === status).length;
  terminal.note(`${count('broken')} broken, ${count('warning')} warnings, ${count('ok')} ok.`);
  if (count('broken') > 0 || signal.aborted) context.exitCode = EXIT.failed;
}

async function lookAtClock(
  { clockServer, timeout }: DoctorOptions,
  base: URL,
  signal: AbortSignal,
): Promise<Finding> {
  const server = new URL(clockServer ?? base);
  server.search = '';
  const reading = await readHttpClock(server, timeout, signal);
  if (reading) return checkClock(server.host, reading);
  return warning(
    'clock',
    `${server.host} does not tell the time.`,
    'Name a server whose clock is right: --clock-server https://…',
  );
}

/** An ordinary platform is no news. */
function digestOf(): Finding[] {
  try {
    checkDigest();
    return [];
  } catch (error) {
    return [broken('digest', (error as Error).message, 'Run it where MD5 is allowed.')];
  }
}

function transportOf({ protocol, hostname, host }: URL): Finding[] {
  if (isLoopback(hostname)) return [];
  if (protocol === 'https:') return [ok('transport', 'The URL is https.')];
  const fix = 'Put HTTPS in front, and https URLs into the callback template.';
  const detail = `${host} is called by http: whoever sees one callback can send any, until it expires.`;
  return [warning('transport', detail, fix)];
}

/** The routes, and with a look into the counts of refused requests the key. */
async function lookAtRoutes(
  base: URL,
  probe: ProbeOptions,
  canReadDatabase: boolean,
  options: DoctorOptions,
  context: CliContext,
): Promise<Finding[]> {
  const { terminal } = context;
  const token = tokenOf(options, terminal);
  const probeAll = async () => {
    const findings: Finding[] = [];
    for (const kind of [undefined, ...SENT_KINDS]) {
      terminal.progress(`looking at the route of ${kind ?? 'any kind'}`);
      findings.push(await checkRoute(kind, routeUrl(base, kind, token), probe));
      // The others would tell the same.
      if (findings.at(-1)?.detail.startsWith('No answer')) break;
    }
    return findings;
  };
  const { env } = terminal;
  const canAsk = Boolean(env['LIVE_CALLBACK_ADMIN_TOKEN']?.trim());
  if (probe.key === undefined || !(canReadDatabase || canAsk)) return probeAll();
  const where = canReadDatabase ? {} : { ...options, url: base.href };
  const findings: Finding[] = [];
  try {
    await withAudit(where, context, async (audit) => {
      const known = await KnownKeyCheck.begin(audit);
      findings.push(...(await probeAll()));
      if (findings.every(({ status }) => status === 'ok')) findings.push(await known.end());
    });
  } catch (error) {
    const fix = 'Correct it, or leave out LIVE_CALLBACK_ADMIN_TOKEN and DATABASE_URL.';
    findings.push(broken('audit', (error as Error).message, fix));
    if (findings.length === 1) findings.unshift(...(await probeAll()));
  }
  return findings;
}
