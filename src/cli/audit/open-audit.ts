import { existsSync } from 'node:fs';

import { DEFAULT_REGISTRATION } from '../../common/registration-name.js';
import { UsageError } from '../cli.error.js';
import { isLoopback } from '../loopback.js';
import { baseUrlOf } from '../receiver.options.js';
import type { Terminal } from '../terminal.js';
import type { DatabaseAuditSource } from './database-audit.source.js';
import type { HttpAuditSource } from './http-audit.source.js';

/**
 * The audit log over HTTP.
 *
 * @throws UsageError without a token, or when it would be readable on its way
 */
export async function openAuditApi(
  options: { readonly url?: string; readonly plainHttp?: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<HttpAuditSource> {
  const token = terminal.env['LIVE_CALLBACK_ADMIN_TOKEN']?.trim();
  if (!token) {
    throw new UsageError(
      'The audit API needs its bearer token in LIVE_CALLBACK_ADMIN_TOKEN. With access to the database, set DATABASE_URL and leave out --url.',
    );
  }
  const { HttpAuditSource: Source } = await import('./http-audit.source.js');
  const base = baseUrlOf(options, terminal);
  if (base.protocol === 'http:' && !isLoopback(base.hostname) && !options.plainHttp) {
    throw new UsageError(
      `http://${base.host} is another machine, and the token would go there readable for all in between: use https, or say --plain-http where the network is trusted.`,
    );
  }
  return new Source(base, token, signal);
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
  const { dataSourceOptionsOf } = await import('../../options/database-url.js');
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
  const registration = env['LIVE_CALLBACK_REGISTRATION']?.trim() || DEFAULT_REGISTRATION;
  return Source.open(options, registration, listeners);
}
