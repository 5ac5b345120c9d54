import type { Command } from 'commander';

import type { CliContext } from '../cli.context.js';
import { collect, durationOption, integerBetween, parseDuration } from '../option.parsers.js';
import { addReceiverOptions } from '../receiver.options.js';
import type { SendOptions } from './send.options.js';

const EXAMPLES = `
Examples:
  live-callback send stream-push --stream room-1
  live-callback send stream-interrupt --stream room-1 --sequence 42 --set errcode=3
  live-callback send screenshot --url https://live.example.com/live-callback --key-env MY_KEY
  live-callback send record-file --file body.json --duplicate 1
  live-callback send stream-push --t 1700000000          (expired: must be answered with 401)
  live-callback send stream-mix --set event_type=402     (a kind of your own)

A value of --set is JSON where it reads as JSON, else text; integers that JavaScript would round are
sent as text. Exit code 0 only if every answer was 200, which alone counts as success at CSS.`;

const MAX_COUNT = 100_000;

/** Adds the command `send`. */
export function registerSend(program: Command, context: CliContext): void {
  const command = program
    .command('send')
    .summary('send signed callbacks, as CSS does')
    .description('Sends signed callbacks, as CSS does, and says what the answers mean.')
    .argument('<kind>', 'kind of callback: stream-push, stream-interrupt, record-file, …');
  addReceiverOptions(command)
    .option('--exact-url', 'post to --url as it is, without the kind')
    .option('--stream <name>', 'stream name')
    .option('--domain <domain>', 'push domain')
    .option('--app-name <path>', 'push path (AppName)')
    .option('--sequence <digits>', 'identifies a push: give an interruption that of its push')
    .option('--set <field=value>', 'set any field of the body; may be repeated', collect)
    .option('--file <path>', 'take the body from a JSON file instead ("-": from stdin)')
    .option(
      '--t <seconds>',
      'Unix time at which the signature expires (default: in ten minutes)',
      integerBetween(0, 9_999_999_999),
    )
    .option('--unsigned', 'send neither t nor sign')
    .option('--count <n>', 'send so many different callbacks', integerBetween(1, MAX_COUNT), 1)
    .option(
      '--duplicate <n>',
      'send each so many times more, signed anew',
      integerBetween(0, MAX_COUNT),
      0,
    )
    .option('--interval <duration>', 'pause between two requests, such as 500ms', parseDuration)
    .addOption(durationOption('--timeout <duration>', 'how long to wait for an answer', '20s'))
    .option('--json', 'print the answers as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (kind: string, options: SendOptions) => {
      const { send } = await import('./send.action.js');
      await send(kind, options, context);
    });
}
