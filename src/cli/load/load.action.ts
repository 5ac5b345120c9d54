import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { openAuditApi, openAuditDatabase } from '../audit/open-audit.js';
import type { AuditSource } from '../audit/audit.source.js';
import type { CliContext } from '../cli.context.js';
import { UsageError } from '../cli.error.js';
import { EXIT } from '../exit-code.js';
import { shownUrl } from '../http.client.js';
import { isLoopback } from '../loopback.js';
import { baseUrlOf, keyFor, keysOf, routeUrl, tokenOf } from '../receiver.options.js';
import type { LoadOptions } from './load.options.js';
import { LoadGenerator } from './load.generator.js';
import { LoadLedger, type LoadReport } from './load.ledger.js';

const MAX_DURATION_MS = 3_600_000;
/** What the ledger holds in memory. */
const MAX_CALLBACKS = 2_000_000;
/** Missing callbacks that are named. */
const NAMED = 20;

/** Loads the target, and reports. */
export async function load(options: LoadOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  const base = baseUrlOf(options, terminal);
  const total = checkBounds(options, base);
  const domain = options.domain.toLowerCase();
  const key = keyFor(keysOf(options, terminal), domain, options.keyEnv);
  const token = tokenOf(options, terminal);
  // Opened before anything is sent: a ledger that cannot be compared is worth little.
  const audit = await openAudit(options, context);
  const ledger = new LoadLedger();
  const run = randomUUID().slice(0, 8);
  const settings = { keepAlive: true, maxSockets: options.concurrency };
  const agent = base.protocol === 'https:' ? new HttpsAgent(settings) : new Agent(settings);
  const begin = performance.now();
  const elapsed = () => (performance.now() - begin) / 1000;
  try {
    const plan = {
      urlOf: (kind: string) => routeUrl(base, kind, token),
      agent,
      key,
      rate: options.rate,
      total,
      concurrency: options.concurrency,
      streams: Array.from({ length: options.streams }, (_, n) => `load-${run}-${n}`),
      domain,
      appName: options.appName,
      timeoutMs: options.timeout,
      signal,
    };
    const generator = new LoadGenerator(plan, ledger, () =>
      terminal.progress(
        `${ledger.sentCount} of ${total} sent, ${ledger.acknowledgedCount} acknowledged, ${elapsed().toFixed(0)} s`,
      ),
    );
    await generator.run();
    const report = ledger.report(elapsed());
    const missing = audit ? await findMissing(audit, ledger, context) : null;
    tell({ run, target: shownUrl(base), ...report, missing }, options, context);
  } finally {
    agent.destroy();
    await audit?.close();
  }
}

function checkBounds(options: LoadOptions, base: URL): number {
  if (!isLoopback(base.hostname) && !options.iOwnTheTarget) {
    throw new UsageError(
      `${base.host} is not this machine. A load can take a service down and fills its tables; if it is yours and ready for that, add --i-own-the-target.`,
    );
  }
  const total = Math.round((options.rate * options.duration) / 1000);
  if (options.duration <= MAX_DURATION_MS && total <= MAX_CALLBACKS) return Math.max(1, total);
  throw new UsageError(
    `A load ends after an hour or ${MAX_CALLBACKS} callbacks: lower --rate or --duration.`,
  );
}

async function openAudit(
  { audit, database, ...options }: LoadOptions,
  { terminal, signal }: CliContext,
): Promise<AuditSource | null> {
  if (database) return openAuditDatabase(terminal);
  if (audit) return openAuditApi(options, terminal, signal);
  return null;
}

async function findMissing(
  audit: AuditSource,
  ledger: LoadLedger,
  { terminal, signal }: CliContext,
): Promise<string[]> {
  let streams = 0;
  for (const stream of ledger.streams) {
    if (signal.aborted) break;
    terminal.progress(`${streams++} of ${ledger.streams.length} streams compared`);
    for await (const { kind, sequence } of audit.iterate({ stream })) {
      if (sequence !== null) ledger.found({ kind, stream, sequence });
    }
  }
  return ledger.missing();
}

function tell(
  report: LoadReport & { run: string; target: string; missing: string[] | null },
  { json }: LoadOptions,
  context: CliContext,
): void {
  const { terminal } = context;
  const { sent, acknowledged, refused, unanswered, latency, missing } = report;
  const isGood = acknowledged === sent && (missing ?? []).length === 0;
  if (!isGood || context.signal.aborted) context.exitCode = EXIT.failed;
  if (json) return terminal.json({ ...report, missing: missing?.length ?? null });
  terminal.line(
    `${sent} sent to ${report.target} in ${report.seconds} s: ${acknowledged} acknowledged, ${report.acknowledgedPerSecond} per second`,
  );
  if (latency) {
    const { p50, p90, p99, max } = latency;
    terminal.line(`latency: p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, max ${max} ms`);
  }
  for (const [status, count] of Object.entries(refused)) {
    terminal.line(`${count} answered with ${status}`);
  }
  for (const [reason, count] of Object.entries(unanswered)) {
    terminal.line(`${count} not answered: ${reason}`);
  }
  if (missing === null) return terminal.line('missing: not looked for (--audit or --database)');
  terminal.line(`missing: ${missing.length}, in streams load-${report.run}-*`);
  for (const name of missing.slice(0, NAMED)) terminal.line(`  ${name}`);
}
