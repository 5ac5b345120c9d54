import type { Socket } from 'node:net';

import type { ClientBase } from 'pg';

import { STATEMENT_TIMEOUT_MS } from './deadlines.js';

/** What the types of pg leave out of its clients. */
interface Client extends ClientBase {
  /** Not with pg-native. */
  readonly connection?: { readonly stream: Socket };
  /** False while a statement waits for its answer. */
  readonly readyForQuery: boolean;
}

/** Makes commits of a PostgreSQL connection survive a power loss, its plans fit for large tables, and its end noticed. */
export async function preparePostgres(client: ClientBase): Promise<void> {
  // On its way from one user to the next a client has no listener, and the end of its
  // connection would be the end of the process. Who uses it learns of it from the query.
  client.on('error', () => {});
  closeWhenMute(client as Client);
  // Roles and databases may have commits reach the disk later than they are acknowledged. And a plan
  // that was made on small tables must not read large ones from end to end.
  await client.query('SET synchronous_commit = on; SET enable_seqscan = off');
}

/**
 * Closes the connection when nothing comes while a statement waits for its answer. Not `query_timeout` of
 * pg: with a timer per statement, which closes over that statement, the garbage collector keeps every one
 * of them with all its parameters until it goes through the whole heap.
 */
function closeWhenMute(client: Client): void {
  const stream = client.connection?.stream;
  stream?.setTimeout(STATEMENT_TIMEOUT_MS, () => {
    if (client.readyForQuery) return;
    stream.destroy(new Error(`The database did not answer within ${STATEMENT_TIMEOUT_MS} ms`));
  });
}
