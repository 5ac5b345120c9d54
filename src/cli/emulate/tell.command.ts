import type { Command } from 'commander';

import type { CliContext } from '../cli.context.js';
import { CliError } from '../cli.error.js';
import { requestOnce } from '../http.client.js';
import { parseUrl } from '../option.parsers.js';

/** Options of `tell`. */
interface TellOptions {
  readonly emulator: string;
}

const EXAMPLES = `
Examples:
  live-callback tell push room domain=push.example.com record=true
  live-callback tell wait idle
  live-callback tell help`;

/** Waiting is a step too. */
const TIMEOUT_MS = 3_600_000;

/** Adds the command `tell`. */
export function registerTell(program: Command, { terminal, signal }: CliContext): void {
  program
    .command('tell')
    .summary('give a running emulator a step')
    .description(
      'Gives an emulator that runs elsewhere on this machine one step, and waits for it.',
    )
    .argument('<step...>', 'a step, as in its prompt')
    .option('--emulator <url>', 'its API', parseUrl, 'http://127.0.0.1:3100')
    .addHelpText('after', EXAMPLES)
    .action(async (words: string[], { emulator }: TellOptions) => {
      const url = new URL('/_emulator/trigger', emulator);
      const body = JSON.stringify({ step: words.join(' ') });
      const headers = { 'content-type': 'application/json' };
      const request = { method: 'PUT', headers, body, timeoutMs: TIMEOUT_MS, signal };
      const { status, body: text, error } = await requestOnce(url, request);
      if (error !== null) {
        throw new CliError(
          `No emulator answers at ${url.origin} (${error}). Start one: live-callback emulate`,
        );
      }
      const answer = JSON.parse(text || '{}') as { lines?: string[]; error?: string };
      if (status !== 200)
        throw new CliError(answer.error?.replace(/^\w*Error: /, '') ?? `It answered ${status}.`);
      for (const line of answer.lines ?? []) terminal.text(line);
    });
}
