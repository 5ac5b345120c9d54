import type { Command } from 'commander';

import type { AuditOptions } from '../audit/audit.options.js';
import { addAuditApi } from '../audit-api.options.js';
import type { CliContext } from '../cli.context.js';
import { integerBetween, parseTime } from '../option.parsers.js';
import type { SessionListOptions, SessionRebuildOptions } from './sessions.options.js';

const EXAMPLES = `
Examples:
  live-callback sessions list --state live
  live-callback sessions list --stream room-1 --from 2d --json
  live-callback sessions show 2a6f3c1e-…
  live-callback sessions rebuild --from 30d --url https://live.example.com/live-callback

With --url (or without DATABASE_URL) it asks the audit API of the running application, whose token it
reads from LIVE_CALLBACK_ADMIN_TOKEN; rebuild always does. Otherwise it reads the tables behind
DATABASE_URL. The application
works sessions out when its module has the option "sessions".`;

/** Adds the command `sessions`. */
export function registerSessions(program: Command, context: CliContext): void {
  const sessions = program
    .command('sessions')
    .summary('who is live, and who was')
    .description('Lists and shows sessions: the pushes of a stream that belong together.')
    .addHelpText('after', EXAMPLES);

  addAuditApi(sessions.command('list').description('Sessions, those that started last first.'))
    .option('--domain <domain>', 'of this push domain')
    .option('--path <path>', 'of this push path (AppName)')
    .option('--stream <name>', 'of this stream')
    .option('--state <state>', 'live, interrupted or ended')
    .option('--from <time>', 'started since: ISO 8601, or how long ago (2h, 7d)', parseTime)
    .option('--to <time>', 'started before', parseTime)
    .option('--limit <n>', 'rows of the page', integerBetween(1, 500))
    .option('--cursor <cursor>', 'where the page begins: nextCursor of the one before')
    .action(async (options: SessionListOptions) => {
      const { listSessions } = await import('./list.action.js');
      await listSessions(options, context);
    });

  addAuditApi(sessions.command('show').description('One session with its pushes and totals.'))
    .argument('<id>', 'id of the session, or a former one')
    .action(async (id: string, options: AuditOptions) => {
      const { showSession } = await import('./show.action.js');
      await showSession(id, options, context);
    });

  addAuditApi(
    sessions
      .command('rebuild')
      .description('Takes the stored pushes and interruptions in again; the application does.'),
  )
    .option('--from <time>', 'received since: ISO 8601, or how long ago (2h, 7d)', parseTime)
    .option('--to <time>', 'received before', parseTime)
    .option('--emit', 'tell listeners of what changes')
    .action(async (options: SessionRebuildOptions) => {
      const { rebuildSessions } = await import('./rebuild.action.js');
      await rebuildSessions(options, context);
    });
}
