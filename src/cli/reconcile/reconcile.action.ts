import {
  CloudReader,
  credentialsFromEnvironment,
  editionOf,
  TencentCloudApi,
} from '../../cloud/index.js';
import {
  differencesOf,
  stretchesOf,
  type Difference,
} from '../../cloud/reconciliation/differences.js';
import { KnownPushes } from '../../cloud/reconciliation/known.pushes.js';
import { lookBackTo } from '../../cloud/reconciliation/reconciliation.lease.js';
import { DEFAULT_REGISTRATION } from '../../common/registration-name.js';
import { EMULATOR_CREDENTIAL } from '../../emulator/index.js';
import { openAuditDatabase } from '../audit/open-audit.js';
import type { CliContext } from '../cli.context.js';
import { CliError, UsageError } from '../cli.error.js';
import { EXIT } from '../exit-code.js';
import type { Terminal } from '../terminal.js';
import type { ReconcileOptions } from './reconcile.options.js';

/** The clock of this machine may be ahead of that of the cloud. */
const CLOCK_MARGIN_MS = 30_000;

/** Shows what the tables lack, and lets the application look for it. */
export async function reconcile(options: ReconcileOptions, context: CliContext): Promise<void> {
  const { terminal } = context;
  const {
    domain: domains,
    from,
    to = new Date(Date.now() - CLOCK_MARGIN_MS),
    dryRun = false,
  } = options;
  if (!(from < to)) throw new UsageError('--from must be before --to.');
  const reader = readerOf(options, terminal);
  const registration = terminal.env['LIVE_CALLBACK_REGISTRATION']?.trim() || DEFAULT_REGISTRATION;
  const audit = await openAuditDatabase(terminal);
  try {
    const known = new KnownPushes(audit.database, registration);
    const found: Difference[] = [];
    for (const domain of domains) {
      for (const stretch of stretchesOf(from.getTime(), to.getTime())) {
        found.push(...(await differencesOf(reader, known, domain, stretch)));
      }
    }
    if (found.length > 0) context.exitCode = EXIT.failed;
    if (options.json) terminal.json({ differences: found, dryRun });
    else for (const difference of found) terminal.line(lineOf(difference));
    if (found.length === 0) terminal.note('The tables know every push that has ended.');
    if (dryRun) return;
    if (!(await lookBackTo(audit.database, registration, from))) {
      throw new CliError(
        'No application compares this registration: add LiveCallbackReconciliationModule to it.',
      );
    }
    terminal.note(`The application compares everything since ${from.toISOString()} once more.`);
  } finally {
    await audit.close();
  }
}

function readerOf({ endpoint, proxy }: ReconcileOptions, { env }: Terminal): CloudReader {
  const isEmulator = endpoint?.startsWith('http://') === true;
  const api = new TencentCloudApi({
    credentials: isEmulator ? EMULATOR_CREDENTIAL : credentialsFromEnvironment(env),
    ...(endpoint !== undefined && { endpoint }),
    ...(proxy !== undefined && { proxy }),
  });
  return new CloudReader({ api, edition: editionOf(endpoint ?? '') });
}

function lineOf({ missing, domain, path, name, startedAt, endedAt }: Difference): string {
  const what = missing === 'push' ? 'unknown ' : 'no end  ';
  return `${what} ${startedAt.toISOString()} – ${endedAt.toISOString()}  ${domain}/${path}/${name}`;
}
