import type { Command } from 'commander';

import type { AuditOptions } from '../audit/audit.options.js';
import { addAuditApi } from '../audit-api.options.js';
import type { CliContext } from '../cli.context.js';
import type { ListenerChangeOptions } from './listeners.options.js';

const EXAMPLES = `
Examples:
  live-callback listeners list
  live-callback listeners pause billing --reason "the ledger is moved tonight"
  live-callback listeners resume billing --reason "moved"

With --url (or without DATABASE_URL) it asks the audit API of the running application, whose token it
reads from LIVE_CALLBACK_ADMIN_TOKEN. Otherwise it works on the tables behind DATABASE_URL, which every
node asks once a second.`;

/** Adds the command `listeners`. */
export function registerListeners(program: Command, context: CliContext): void {
  const listeners = program
    .command('listeners')
    .summary('how listeners do; pauses and resumes them')
    .description('Lists listeners, and pauses and resumes them on all nodes.')
    .addHelpText('after', EXAMPLES);

  addAuditApi(listeners.command('list').description('Listeners, and what holds them up.')).action(
    async (options: AuditOptions) => {
      const { listListeners } = await import('./list.action.js');
      await listListeners(options, context);
    },
  );

  for (const [verb, does] of [
    ['pause', 'Starts nothing more of a listener; what it is to get waits in its order.'],
    ['resume', 'Lets a listener go on, also where its circuit breaker is open.'],
  ] as const) {
    addAuditApi(listeners.command(verb).description(does))
      .argument('<listener>', 'id of the listener')
      .requiredOption('--reason <text>', 'for those who look at the listener later')
      .option('--actor <name>', 'who asks (default: the user of the shell)')
      .action(async (listener: string, options: ListenerChangeOptions) => {
        const { changeListener } = await import('./change.action.js');
        await changeListener(verb, listener, options, context);
      });
  }
}
