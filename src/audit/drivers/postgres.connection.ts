import type { Socket } from 'node:net';

import type { ClientBase } from 'pg';

import { closeWhenMute } from './mute-connection.js';

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
  const { connection } = client as Client;
  if (connection) {
    const isWaiting = () => !(client as Client).readyForQuery;
    closeWhenMute(connection.stream, isWaiting, (error) => connection.stream.destroy(error));
  }
  // Roles and databases may have commits reach the disk later than they are acknowledged. And a plan
  // that was made on small tables must not read large ones from end to end.
  await client.query('SET synchronous_commit = on; SET enable_seqscan = off');
}
