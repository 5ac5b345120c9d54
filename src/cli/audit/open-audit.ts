import { existsSync } from 'node:fs';

import { UsageError } from '../cli.error.js';
import { baseUrlOf } from '../receiver.options.js';
import type { Terminal } from '../terminal.js';
import type { AuditSource } from './audit.source.js';
import type { DatabaseAuditSource } from './database-audit.source.js';

/**
 * The audit log over HTTP.
 *
 * @throws UsageError without a token
 */
export async function openAuditApi(
  options: { readonly url?: string },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<AuditSource> {
  const token = terminal.env['LIVE_CALLBACK_ADMIN_TOKEN']?.trim();
  if (!token) {
    throw new UsageError(
      'The audit API needs its bearer token in LIVE_CALLBACK_ADMIN_TOKEN. With access to the database, set DATABASE_URL and leave out --url.',
    );
  }
  const { HttpAuditSource } = await import('./http-audit.source.js');
  return new HttpAuditSource(baseUrlOf(options, terminal), token, signal);
}

/**
 * The audit log in the database.
 *
 * @throws UsageError without a database that is there; CliError when it cannot be opened
 */
export async function openAuditDatabase(
  { env }: Terminal,
  listeners: readonly string[] = [],
): Promise<DatabaseAuditSource> {
  const url = env['DATABASE_URL']?.trim();
  if (!url) {
    throw new UsageError(
      'This needs the database: set DATABASE_URL, such as sqlite:data/live-callback.db or postgres://user:password@localhost:5432/live.',
    );
  }
  const { dataSourceOptionsOf } = await import('../../config/database-url.js');
  let options;
  try {
    options = dataSourceOptionsOf(url);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (options.type === 'better-sqlite3' && !existsSync(options.database)) {
    throw new UsageError(`There is no SQLite database at ${options.database}.`);
  }
  const { DatabaseAuditSource: Source } = await import('./database-audit.source.js');
  return Source.open(options, listeners);
}
