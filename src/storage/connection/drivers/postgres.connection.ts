import type { Socket } from 'node:net';

import type { ClientBase } from 'pg';

import { STATEMENT_TIMEOUT_MS } from './deadlines.js';
import { closeWhenMute } from './mute-connection.js';

/** What the types of pg leave out of its clients. */
interface Client extends ClientBase {
  /** Not with pg-native. */
  readonly connection?: { readonly stream: Socket };
  /** False while a statement waits for its answer. */
  readonly readyForQuery: boolean;
}

/** Values that are not read as text, by type: whatever the host has pg make of them everywhere. */
const PARSERS = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  [21, Number],
  [23, Number],
  [114, (text) => JSON.parse(text) as unknown],
  [3802, (text) => JSON.parse(text) as unknown],
]);

/** How the results of the module's own connections are read. */
export const POSTGRES_TYPES = {
  getTypeParser: (type: number) => PARSERS.get(type) ?? String,
};

/**
 * By a statement and not at connecting: poolers such as PgBouncer refuse parameters that they do not know.
 * What roles and databases preset for every connection (`ALTER ROLE … SET`), and statements depend on; those
 * that an older server does not know are left out. A plan that was made on small tables must not read large
 * ones from end to end.
 */
export const SESSION = `
  SELECT set_config(name, wanted, false)
  FROM pg_settings JOIN (VALUES
    ('synchronous_commit', 'on'), ('client_encoding', 'UTF8'), ('standard_conforming_strings', 'on'),
    ('array_nulls', 'on'), ('default_transaction_isolation', 'read committed'),
    ('default_transaction_read_only', 'off'), ('default_transaction_deferrable', 'off'),
    ('default_table_access_method', 'heap'), ('lock_timeout', '0'), ('transaction_timeout', '0'),
    ('idle_in_transaction_session_timeout', '60000'), ('statement_timeout', '${STATEMENT_TIMEOUT_MS}'),
    ('enable_seqscan', 'off')
  ) AS w(name, wanted) USING (name)
  -- Those between on and off are the host's choice, and survive a power loss too.
  WHERE name <> 'synchronous_commit' OR setting = 'off'`;

/**
 * Has the end of a PostgreSQL connection noticed.
 *
 * @param done is called at once
 */
export function watchPostgres(client: ClientBase, done: () => void): void {
  // On its way from one user to the next a client has no listener, and the end of its
  // connection would be the end of the process. Who uses it learns of it from the query.
  client.on('error', () => {});
  const { connection } = client as Client;
  if (connection) {
    const isWaiting = () => !(client as Client).readyForQuery;
    closeWhenMute(connection.stream, isWaiting, (error) => connection.stream.destroy(error));
  }
  done();
}

/**
 * The same, and gives it the settings of this module.
 *
 * @param done takes the reason why the connection cannot be used
 */
export function preparePostgres(client: ClientBase, done: (error?: Error) => void): void {
  watchPostgres(client, () => {
    client.query(SESSION, (error) => done(error ?? undefined));
  });
}
