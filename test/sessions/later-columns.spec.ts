/** Columns that came later are added to tables that are there, and a database that has them stays as it is. */
import { describe, expect, it } from 'vitest';

import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { DATABASES } from '../support/databases.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { now, push, send, sessionsOfHost } from './session-host.js';

const STREAM = { domain: 'push.example.com', path: 'live', name: 'room' };

describe.each(DATABASES)('on $name', ({ create, isAbsent }) => {
  it.skipIf(isAbsent)('an earlier database goes on with its sessions', async () => {
    const database = await scratchDatabase(create);
    const options = { sessions: {} };
    const before = await scratchHost({ database, options });
    await send(before, push('room', '1', now()));
    const { dataSource } = before.app.get(CallbackDatabase, { strict: false });
    const { migrationsTableName } = dataSource.options;
    await dataSource.query('ALTER TABLE live_session DROP COLUMN unconfirmed_count');
    await dataSource.query('ALTER TABLE live_reconciliation DROP COLUMN gap_from');
    await dataSource.query('ALTER TABLE live_reconciliation DROP COLUMN failure');
    await dataSource.query(
      `DELETE FROM ${migrationsTableName} WHERE name = 'AddUnconfirmed1764000000003'`,
    );
    await before.close();
    const host = await scratchHost({ database, options });
    expect(await sessionsOfHost(host).of(STREAM)).toMatchObject({
      state: 'live',
      unconfirmedCount: 0,
    });
  });
});
