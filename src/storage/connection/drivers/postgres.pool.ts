import { randomUUID } from 'node:crypto';

import type { Pool, PoolClient } from 'pg';

import { StorageSetupError } from '../../storage.error.js';
import { preparePostgres, SESSION } from './postgres.connection.js';

/** How often two connections are asked whether they are still the same sessions. */
const ROUNDS = 3;
/** A setting that means nothing: poolers that bind a connection to its settings do so from then on. */
const MARK = 'live_callback.session';

/**
 * Gives the connections of a new pool the settings of this module, once it is known that they keep them: set
 * behind a pooler that shares sessions, they would come to be those of other applications.
 *
 * @throws StorageSetupError behind a pooler that gives each transaction another connection
 */
export async function preparePostgresPool(pool: Pool): Promise<void> {
  const clients = [await pool.connect()];
  try {
    if (!(await isDirect(clients[0]!))) {
      clients.push(await pool.connect());
      if (!(await areSessions(clients))) throw new StorageSetupError(REFUSAL);
    }
    for (const client of clients) await client.query(SESSION);
    (pool as unknown as { options: { verify: unknown } }).options.verify = preparePostgres;
  } finally {
    for (const client of clients) client.release();
  }
}

const REFUSAL =
  'A pooler before PostgreSQL gives each transaction another connection (PgBouncer: pool_mode = transaction), and those of this module have to keep settings and prepared statements. Let the DataSource reach the server itself or a pool with pool_mode = session; where the rest of the application is to stay as it is, give the module such an address alone: LiveCallbackModule.forRoot({ database: { type: "postgres", … } }).';

/** Poolers make up the number of the process that they tell at connecting. */
async function isDirect(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid === (client as { processID?: number }).processID;
}

/** Also where all of them share one connection to the server. */
async function areSessions(clients: readonly PoolClient[]): Promise<boolean> {
  const marks = clients.map(() => randomUUID());
  for (const [index, client] of clients.entries()) {
    await client.query(`SET ${MARK} = '${marks[index]!}'`);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, client] of clients.entries()) {
      const { rows } = await client.query<{ mark: string | null }>(
        `SELECT current_setting('${MARK}', true) AS mark`,
      );
      if (rows[0]?.mark !== marks[index]) return false;
    }
  }
  return true;
}
