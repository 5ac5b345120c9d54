import type { Command } from 'commander';

import type { CliContext } from '../cli.context.js';
import { durationOption, parseUrl } from '../option.parsers.js';
import { addReceiverOptions } from '../receiver.options.js';
import type { DoctorOptions } from './doctor.options.js';

const EXAMPLES = `
Examples:
  live-callback doctor --url https://live.example.com/live-callback
  live-callback doctor --clock-server https://www.example.com --state callbacks.yaml

It looks at the keys, the clock, the database behind DATABASE_URL (if set), and sends every route
requests that a correct module refuses: one with a wrong sign, one that has expired, and a GET. Nothing
is stored by them but counts of refused requests. With LIVE_CALLBACK_ADMIN_TOKEN or DATABASE_URL it also
reads from those counts whether the application knows the key. Each finding says the fix.

Exit code 1 when something is broken; 0 with warnings.`;

/** Adds the command `doctor`. */
export function registerDoctor(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .summary('find what is wrong with an installation')
    .description('Examines keys, clock, database, routes and templates, and says the fix.');
  addReceiverOptions(command)
    .option(
      '--clock-server <url>',
      'a server whose clock is right (default: that of --url)',
      parseUrl,
    )
    .option('--plain-http', 'send the token of the audit API without TLS also to another machine')
    .option('--no-database', 'leave the database alone although DATABASE_URL is set')
    .option('--state <file>', 'state file whose templates are compared with the account')
    .option('--endpoint <url>', 'the API for --state', parseUrl)
    .addOption(durationOption('--timeout <duration>', 'how long to wait for an answer', '5s'))
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.action.js');
      await doctor(options, context);
    });
}
