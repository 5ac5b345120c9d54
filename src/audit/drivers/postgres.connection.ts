import type { ClientBase } from 'pg';

/** Makes commits of a PostgreSQL connection survive a power loss, and its plans fit for large tables. */
export async function preparePostgres(client: ClientBase): Promise<void> {
  // On its way from one user to the next a client has no listener, and the end of its
  // connection would be the end of the process. Who uses it learns of it from the query.
  client.on('error', () => {});
  // Roles and databases may have commits reach the disk later than they are acknowledged. And a plan
  // that was made on small tables must not read large ones from end to end.
  await client.query('SET synchronous_commit = on; SET enable_seqscan = off');
}
