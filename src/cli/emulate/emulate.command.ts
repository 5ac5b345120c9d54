import type { Command } from 'commander';

import type { CliContext } from '../cli.context.js';
import { integerBetween, parseUrl } from '../option.parsers.js';
import type { EmulateOptions } from './emulate.options.js';

const EXAMPLES = `
Examples:
  live-callback emulate                                  API on port 3100, and a prompt
  live-callback emulate --url http://127.0.0.1:3000/live-callback
  live-callback emulate --script session.yaml --virtual  hours in seconds
  live-callback emulate --faster 60                      retries after seconds instead of minutes

The API side answers "live-callback template" and the official SDK at http://127.0.0.1:PORT, and holds
no templates at first. Callbacks of a stream go where the template that is bound to its push domain
says; with --url, those of every other domain go there.

A script is YAML or JSON, a list of steps. The prompt takes the same steps, and so does
"live-callback tell" from another shell ("help" lists them):
  - push room domain=push.example.com screenshots=10s record=true
  - wait 30s
  - fault lost-answer kind=screenshot
  - interrupt room errcode=3
  - wait idle
or, in full:
  - push: { stream: room, domain: push.example.com, record: true }

A receiver on the time of this machine refuses what a virtual clock signs more than five minutes ahead.
With a script the exit code is 0 only if every callback was acknowledged. Ctrl-C ends everything.`;

/** Adds the command `emulate`. */
export function registerEmulate(program: Command, context: CliContext): void {
  program
    .command('emulate')
    .summary('be CSS: streams, callbacks with retries, and the cloud API')
    .description('Emulates CSS on this machine: streams and their callbacks, and the cloud API.')
    .option(
      '-p, --port <port>',
      'port of the API side; 0 for a free one',
      integerBetween(0, 65_535),
      3_100,
    )
    .option('--script <file>', 'run the steps of a YAML or JSON file, then end')
    .option('--stay', 'with --script: stay up after the last step')
    .option('--virtual', 'on a clock that only "wait" moves: hours pass in seconds')
    .option(
      '-u, --url <url>',
      'where callbacks of domains without a rule go: base URL of the module',
      parseUrl,
    )
    .option(
      '--key-env <name>',
      'variable of the environment that holds the key for --url',
      'LIVE_CALLBACK_KEYS',
    )
    .option(
      '--profile <name>',
      'rules of the sender: current, legacy2019, legacy2016 or ai',
      'current',
    )
    .option(
      '--faster <factor>',
      'divide the pauses between attempts, to watch them in real time',
      integerBetween(1, 10_000),
    )
    .option('--no-resign', 'retries repeat the signature of the first attempt, and expire')
    .option('--json', 'print attempts as JSON, one a line')
    .addHelpText('after', EXAMPLES)
    .action(async (options: EmulateOptions) => {
      const { emulate } = await import('./emulate.action.js');
      await emulate(options, context);
    });
}
