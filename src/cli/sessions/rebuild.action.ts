import { openAuditApi } from '../audit/open-audit.js';
import type { CliContext } from '../cli.context.js';
import { EXIT } from '../exit-code.js';
import { plural } from '../plural.js';
import type { SessionRebuildOptions } from './sessions.options.js';

/** Has the application take stored callbacks in again, step by step: it knows its windows and listeners. */
export async function rebuildSessions(
  options: SessionRebuildOptions,
  context: CliContext,
): Promise<void> {
  const { terminal, signal } = context;
  const { from, to, emit, json } = options;
  const audit = await openAuditApi(options, terminal, signal);
  let callbacks = 0;
  let cursor: string | null | undefined;
  do {
    if (signal.aborted) {
      context.exitCode = EXIT.failed;
      break;
    }
    const step = await audit.rebuild({ from, to, emit }, cursor ?? undefined);
    callbacks += step.callbacks;
    cursor = step.nextCursor;
    terminal.progress(plural(callbacks, 'callback'));
  } while (cursor !== null);
  if (json) terminal.json({ callbacks });
  else terminal.line(`${plural(callbacks, 'callback')} taken in.`);
}
