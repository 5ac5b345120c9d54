import type { Command } from 'commander';

import { addAuditApi } from '../audit-api.options.js';
import type { CliContext } from '../cli.context.js';
import type { EraseOptions } from './audit.options.js';

/** Adds `audit erase`. */
export function registerErase(audit: Command, context: CliContext): void {
  addAuditApi(
    audit
      .command('erase')
      .description(
        'Erases bodies about a person or a stream. Exit code 1 while some are held back as undelivered.',
      ),
  )
    .option('--user-ip <address>', 'bodies in which this address stands')
    .option('--stream <name>', 'bodies of this stream')
    .requiredOption('--reason <text>', 'for those who read the audit log later')
    .option('--actor <name>', 'who asks (default: the user of the shell)')
    .option('--dry-run', 'only count')
    .option('--yes', 'do not ask')
    .action(async (options: EraseOptions) => {
      const { erase } = await import('./erase.action.js');
      await erase(options, context);
    });
}
