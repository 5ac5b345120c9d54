import { userInfo } from 'node:os';

import { withAudit } from '../audit/choose-audit.js';
import type { CliContext } from '../cli.context.js';
import { formatHold } from './listener.format.js';
import type { ListenerChangeOptions } from './listeners.options.js';

/** Pauses or resumes a listener: the running applications obey within two seconds. */
export async function changeListener(
  verb: 'pause' | 'resume',
  listener: string,
  options: ListenerChangeOptions,
  context: CliContext,
): Promise<void> {
  const { reason, actor = userInfo().username } = options;
  const state = await withAudit(options, context, (audit) =>
    audit.changeListener(verb, listener, { reason, actor }),
  );
  const { terminal } = context;
  if (options.json) return terminal.json(state);
  terminal.line(`${listener}  ${formatHold(state)}`);
}
