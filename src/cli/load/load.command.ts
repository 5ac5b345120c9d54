import type { Command } from 'commander';

import type { CliContext } from '../cli.context.js';
import { durationOption, integerBetween } from '../option.parsers.js';
import { addReceiverOptions } from '../receiver.options.js';
import type { LoadOptions } from './load.options.js';

const EXAMPLES = `
Examples:
  live-callback load --rate 200 --streams 20 --duration 30s
  live-callback load --rate 1000 --duration 1m --database     compare with the tables behind DATABASE_URL
  live-callback load --audit                                  compare over the audit API

Streams are pushed and interrupted, again and again, and every request is entered in a ledger. With
--database or --audit each acknowledged callback is looked up afterwards: "missing" must be 0. The rows
stay in the tables; their streams are named load-RUN-N. Unlike CSS it sends nothing a second time.

Exit code 0 only if everything was acknowledged and nothing is missing.`;

/** Adds the command `load`. */
export function registerLoad(program: Command, context: CliContext): void {
  const command = program
    .command('load')
    .summary('send many callbacks and keep a ledger')
    .description('Sends callbacks at a steady rate for a while, and accounts for each of them.');
  addReceiverOptions(command)
    .option('--rate <n>', 'callbacks per second', integerBetween(1, 10_000), 50)
    .option('--streams <n>', 'streams side by side', integerBetween(1, 1_000), 10)
    .addOption(durationOption('--duration <duration>', 'how long, at most 1h', '10s'))
    .option('--concurrency <n>', 'connections, which are kept alive', integerBetween(1, 1_000), 64)
    .option('--domain <domain>', 'push domain', 'push.example.com')
    .option('--app-name <path>', 'push path (AppName)', 'live')
    .addOption(durationOption('--timeout <duration>', 'how long to wait for an answer', '20s'))
    .option('--audit', 'look for what is missing over the audit API (LIVE_CALLBACK_ADMIN_TOKEN)')
    .option('--plain-http', 'send the token of the audit API without TLS also to another machine')
    .option('--database', 'look for what is missing in the tables behind DATABASE_URL')
    .option(
      '--i-own-the-target',
      'required for a target that is not this machine: you may load it, and it is ready for that',
    )
    .option('--json', 'print the report as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: LoadOptions) => {
      const { load } = await import('./load.action.js');
      await load(options, context);
    });
}
