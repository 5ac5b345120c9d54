import type { Command } from 'commander';

import type { CliContext } from '../cli.context.js';
import { collect, parseTime, parseUrl } from '../option.parsers.js';
import type { ReconcileOptions } from './reconcile.options.js';

const EXAMPLES = `
Examples:
  live-callback reconcile --domain push.example.com --from 2d --dry-run
  live-callback reconcile --domain push.example.com --from 2026-01-31T12:00:00Z

It shows what the cloud knows of pushes that have ended and the tables behind DATABASE_URL do not. Without
--dry-run it also lets the running application, which has the keys and the listeners, compare everything since
--from once more, within five minutes. The API key of the account is read from TENCENTCLOUD_SECRET_ID and
TENCENTCLOUD_SECRET_KEY. A plain http endpoint is taken for the emulator.`;

/** Adds the command `reconcile`. */
export function registerReconcile(program: Command, context: CliContext): void {
  program
    .command('reconcile')
    .summary('what the cloud knows and the tables do not')
    .description('Compares pushes that have ended in the cloud with those in the tables.')
    .requiredOption('--domain <domain>', 'push domain; may be repeated', collect)
    .requiredOption('--from <time>', 'ended since: ISO 8601, or how long ago (2h, 7d)', parseTime)
    .option('--to <time>', 'ended before; default: now', parseTime)
    .option('--dry-run', 'change nothing')
    .option('--endpoint <url>', 'of the cloud API', parseUrl)
    .option('--proxy <url>', 'HTTP proxy to the cloud API', parseUrl)
    .option('--json', 'answer as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ReconcileOptions) => {
      const { reconcile } = await import('./reconcile.action.js');
      await reconcile(options, context);
    });
}
