import type { Command } from 'commander';

import { parseUrl } from './option.parsers.js';

/** Adds where the audit API is, and how its answers are printed. */
export function addAuditApi(command: Command): Command {
  return command
    .option(
      '-u, --url <url>',
      'base URL of the callback routes; the audit API is below it',
      parseUrl,
    )
    .option('--plain-http', 'send the token of the audit API without TLS also to another machine')
    .option('--json', 'print JSON');
}
