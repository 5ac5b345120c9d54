/** A connection that ends is noticed also while somebody holds it: the database may be another one when it is back. */
import { describe, expect, it } from 'vitest';

import { CallbackDatabase } from '../../../src/storage/connection/callback.database.js';
import { onLostConnection } from '../../../src/storage/connection/drivers/lost-connection.js';
import { DATABASES } from '../../support/databases.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../../support/scratch.js';

const [, postgres, mysql] = DATABASES;

/** What a connection is called, and what ends it. */
const SERVERS = [
  {
    database: postgres,
    own: 'SELECT pg_backend_pid() AS id',
    end: (id: number) => `SELECT pg_terminate_backend(${id})`,
  },
  {
    database: mysql,
    own: 'SELECT CONNECTION_ID() AS id',
    end: (id: number) => `KILL CONNECTION ${id}`,
  },
];

describe.each(SERVERS)('on $database.name', ({ database, own, end }) => {
  it.skipIf(database.isAbsent)('a connection that ends in a transaction is noticed', async () => {
    const options = await scratchDatabase(database.create);
    const { app } = await scratchHost({ database: options });
    const other = await scratchConnection(options);
    const { dataSource } = app.get(CallbackDatabase, { strict: false });
    let lost = 0;
    onLostConnection(dataSource, () => lost++);
    const holding = dataSource.transaction(async (manager) => {
      const [{ id }] = await manager.query<[{ id: number }]>(own);
      await other.query(end(id));
      await expect.poll(() => lost, { interval: 20 }).toBeGreaterThan(0);
    });
    await expect(holding).rejects.toThrow(/connection|terminat|released/i);
  });
});
