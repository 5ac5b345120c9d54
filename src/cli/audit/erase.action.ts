import { userInfo } from 'node:os';

import type { ErasureSummary } from '../../operations/erasure/callback.erasure.js';
import type { CliContext } from '../cli.context.js';
import { CliError, UsageError } from '../cli.error.js';
import { EXIT } from '../exit-code.js';
import type { EraseOptions } from './audit.options.js';
import { withAudit } from './choose-audit.js';

/** Erases what is stored about a person or a stream. */
export async function erase(options: EraseOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  const { yes, json, dryRun = false, userIp, stream, reason } = options;
  const { actor = userInfo().username } = options;
  if (userIp === undefined && stream === undefined) {
    throw new UsageError('Say whose data: --user-ip, --stream, or both.');
  }
  if (!yes && !dryRun && !terminal.isInteractive) {
    throw new UsageError(
      'An erasure cannot be taken back: look with --dry-run, then say --yes. It asks only on a terminal.',
    );
  }
  const about = {
    ...(userIp !== undefined && { userIp }),
    ...(stream !== undefined && { stream }),
  };
  await withAudit(options, context, async (audit) => {
    const run = (how: { dryRun: boolean }) =>
      audit.erase({ ...about, reason, actor, signal, ...how });
    if (!yes && !dryRun) {
      terminal.note(`It would erase: ${format(await run({ dryRun: true }))}.`);
      if (!(await terminal.confirm('This cannot be taken back.', signal))) {
        throw new CliError('Nothing was erased.');
      }
    }
    const done = await run({ dryRun });
    if (signal.aborted || (!dryRun && done.held > 0)) context.exitCode = EXIT.failed;
    if (json) terminal.json(done);
    else terminal.line(`${dryRun ? 'Would erase' : 'Erased'}: ${format(done)}.`);
  });
}

function format({ bodies, excerpts, sessions, held }: ErasureSummary): string {
  return `${bodies} bodies, ${excerpts} excerpts of refusals, ${sessions} sessions; ${held} held back as undelivered`;
}
