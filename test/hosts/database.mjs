import { join } from 'node:path';

import { Client } from 'pg';

const { PGHOST = '127.0.0.1', PGPORT = '5432', PGUSER = 'postgres', PGPASSWORD = '' } = process.env;
const addressOf = (name) =>
  `postgres://${PGUSER}:${encodeURIComponent(PGPASSWORD)}@${PGHOST}:${PGPORT}/${name}`;

let made = 0;

/** Hands the address of a fresh database to a use, and drops it afterwards; a file goes with its folder. */
export async function withDatabase(kind, folder, use) {
  if (kind === 'sqlite') return use(join(folder, `host-${made++}.db`));
  const name = `live_callback_host_${process.pid}_${made++}`;
  const server = new Client({ connectionString: addressOf('postgres') });
  await server.connect();
  try {
    await server.query(`CREATE DATABASE ${name}`);
    return await use(addressOf(name));
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await server.end();
  }
}
