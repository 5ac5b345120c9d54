import type { PurgeSummary } from '../../index.js';
import type { CliContext } from '../cli.context.js';
import { CliError, UsageError } from '../cli.error.js';
import { EXIT } from '../exit-code.js';
import type { PurgeOptions } from './audit.options.js';
import { openAuditDatabase } from './open-audit.js';

/** Forgets what is old. */
export async function purge(options: PurgeOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  const { yes, json, dryRun = false, ...policy } = options;
  if (!yes && !dryRun && !terminal.isInteractive) {
    throw new UsageError(
      'A purge cannot be taken back: look with --dry-run, then say --yes. It asks only on a terminal.',
    );
  }
  const audit = await openAuditDatabase(terminal);
  const onProgress = (soFar: PurgeSummary) => terminal.progress(format(soFar));
  try {
    if (!yes && !dryRun) {
      const would = await run({ dryRun: true });
      terminal.note(`It would purge: ${format(would)}.`);
      if (!(await terminal.confirm('This cannot be taken back.', signal))) {
        throw new CliError('Nothing was purged.');
      }
    }
    const done = await run({ dryRun });
    if (signal.aborted) context.exitCode = EXIT.failed;
    if (json) terminal.json(done);
    else terminal.line(`${dryRun ? 'Would purge' : 'Purged'}: ${format(done)}.`);
  } finally {
    await audit.close();
  }

  async function run(how: { dryRun: boolean }): Promise<PurgeSummary> {
    try {
      return await audit.service.purge({ ...policy, ...how, onProgress, signal });
    } catch (error) {
      if ((error as Error).name === 'LiveCallbackOptionsError') {
        throw new UsageError((error as Error).message);
      }
      throw error;
    }
  }
}

function format({ bodies, rows, rejections, discarded, held }: PurgeSummary): string {
  return `${bodies} bodies, ${rows} callbacks, ${rejections} rejections; ${discarded} discarded unreviewed, ${held} old ones kept as undelivered or unreviewed`;
}
