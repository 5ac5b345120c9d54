import type { Command } from 'commander';

import { addAuditApi } from '../audit-api.options.js';
import type { CliContext } from '../cli.context.js';
import { collect, integerBetween, parseTime } from '../option.parsers.js';
import { registerErase } from './erase.subcommand.js';
import type {
  AuditOptions,
  ListOptions,
  RejectionsOptions,
  ReplayOptions,
  ExportOptions,
  PurgeOptions,
} from './audit.options.js';

const WAYS = `
With --url (or without DATABASE_URL) it asks the audit API of the running application, whose token it
reads from LIVE_CALLBACK_ADMIN_TOKEN. Otherwise it works on the tables behind DATABASE_URL; export and
purge always do. Signatures in bodies are masked.`;

const EXAMPLES = `
Examples:
  live-callback audit list --stream room-1 --from 2h
  live-callback audit list --delivery dead --json
  live-callback audit show 0190c2f4-…
  live-callback audit rejections
  live-callback audit replay --delivery dead --listener billing --reason "billing is back"
  live-callback audit export --from 7d --output week.ndjson
  live-callback audit purge --body-days 30 --row-days 365 --dry-run
${WAYS}`;

const MAX_DAYS = 36_500;

/** Adds the command `audit`. */
export function registerAudit(program: Command, context: CliContext): void {
  const audit = program
    .command('audit')
    .summary('ask and work on what is stored')
    .description('Finds, shows, replays, exports and purges stored callbacks.')
    .addHelpText('after', EXAMPLES);

  addAuditApi(
    addPage(addFilter(audit.command('list').description('Stored callbacks, newest first.'))),
  )
    .option('--all', 'all pages, however many')
    .addHelpText('after', WAYS)
    .action(async (options: ListOptions) => {
      const { list } = await import('./list.action.js');
      await list(options, context);
    });

  addAuditApi(audit.command('show').description('One callback with its body and deliveries.'))
    .argument('<id>', 'id of the callback')
    .action(async (id: string, options: AuditOptions) => {
      const { show } = await import('./show.action.js');
      await show(id, options, context);
    });

  addAuditApi(
    addPage(audit.command('rejections').description('Refused requests, newest first.')),
  ).action(async (options: RejectionsOptions) => {
    const { rejections } = await import('./rejections.action.js');
    await rejections(options, context);
  });

  addAuditApi(
    addFilter(
      audit.command('replay').description('Runs listeners again, on one callback or on many.'),
    ),
  )
    .argument('[id]', 'id of the callback; without it all that fit the filter')
    .requiredOption('--reason <text>', 'for those who read the audit log later')
    .option('--actor <name>', 'who asks (default: the user of the shell)')
    .option('--listener <id>', 'only this listener; may be repeated', collect)
    .option('--all', 'every stored callback: needed when there is no filter')
    .option('--dry-run', 'only list what would be replayed')
    .addHelpText('after', WAYS)
    .action(async (id: string | undefined, options: ReplayOptions) => {
      const { replay } = await import('./replay.action.js');
      await replay(id, options, context);
    });

  addFilter(audit.command('export').description('Writes callbacks as NDJSON, newest first.'))
    .option('-o, --output <file>', 'a file instead of stdout; it appears when it is complete')
    .option('--exact', 'bodies exactly as received, with their signatures: needs --output')
    .action(async (options: ExportOptions) => {
      const { exportCallbacks } = await import('./export.action.js');
      await exportCallbacks(options, context);
    });

  registerErase(audit, context);

  const days = integerBetween(1, MAX_DAYS);
  audit
    .command('purge')
    .description(
      'Forgets what is old: bodies first, then rows. Never what is undelivered or unreviewed.',
    )
    .option('--body-days <n>', 'bodies go after so many days (default: 90)', days)
    .option('--row-days <n>', 'rows go after so many days, at least 7 (default: 365)', days)
    .option('--rejection-days <n>', 'counted refusals go after so many days (default: 30)', days)
    .option('--unreviewed-days <n>', 'what nobody has reviewed goes too (default: never)', days)
    .option('--dry-run', 'only count')
    .option('--yes', 'do not ask')
    .option('--json', 'print the figures as JSON')
    .action(async (options: PurgeOptions) => {
      const { purge } = await import('./purge.action.js');
      await purge(options, context);
    });
}

function addFilter(command: Command): Command {
  return command
    .option('--kind <kind>', 'of this kind')
    .option('--domain <domain>', 'of this push domain')
    .option('--path <path>', 'of this push path (AppName)')
    .option('--stream <name>', 'of this stream')
    .option('--state <state>', 'accepted, unknown, quarantined or discarded')
    .option('--delivery <state>', 'with a delivery that is pending, done, dead or discarded')
    .option('--from <time>', 'received since: ISO 8601, or how long ago (2h, 7d)', parseTime)
    .option('--to <time>', 'received before', parseTime);
}

function addPage(command: Command): Command {
  return command
    .option('--limit <n>', 'rows of the page', integerBetween(1, 500))
    .option('--cursor <cursor>', 'where the page begins: nextCursor of the one before');
}
