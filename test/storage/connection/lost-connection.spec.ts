/** A connection that ends is noticed also while a statement runs on it: the database may be another one when it is back. */
import { describe, expect, it } from 'vitest';

import { CallbackDatabase } from '../../../src/storage/connection/callback.database.js';
import { onLostConnection } from '../../../src/storage/connection/drivers/lost-connection.js';
import { DATABASES } from '../../support/databases.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../../support/scratch.js';

const [, postgres, mysql] = DATABASES;

/** A statement that runs until it is ended; what finds its connection, and what ends that. */
const SERVERS = [
  {
    database: postgres,
    sleep: 'SELECT pg_sleep(30)',
    find: `SELECT pid AS id FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT pg_sleep(30)'`,
    end: (id: number) => `SELECT pg_terminate_backend(${id})`,
  },
  {
    database: mysql,
    sleep: 'SELECT SLEEP(30)',
    find: `SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info = 'SELECT SLEEP(30)'`,
    end: (id: number) => `KILL CONNECTION ${id}`,
  },
];

describe.each(SERVERS)('on $database.name', ({ database, sleep, find, end }) => {
  it.skipIf(database.isAbsent)('a connection that ends at work is noticed', async () => {
    const options = await scratchDatabase(database.create);
    const { app } = await scratchHost({ database: options });
    const other = await scratchConnection(options);
    const { dataSource } = app.get(CallbackDatabase, { strict: false });
    let lost = 0;
    onLostConnection(dataSource, () => lost++);
    const failed = expect(dataSource.query(sleep)).rejects.toThrow();
    const id = () => other.query(find).then((rows: { id: number }[]) => rows[0]?.id);
    await expect.poll(id, { interval: 20 }).toBeDefined();
    expect(lost).toBe(0);
    await other.query(end(Number(await id())));
    await failed;
    await expect.poll(() => lost, { interval: 20 }).toBeGreaterThan(0);
  });
});
