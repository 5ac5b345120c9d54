/** The statements of sessions are proved with all others, where there are sessions: at start and by the doctor. */
import { describe, expect, it } from 'vitest';

import { NOW_MS, dialectOf } from '../../src/storage/connection/dialect.js';
import { openModuleDataSource } from '../../src/storage/connection/open-data-source.js';
import { proveSessionStatements } from '../../src/sessions/session.proof.js';
import { DataSource } from 'typeorm';

import { cli, databaseUrl } from '../cli/cli-support.js';
import { onTestFinished } from '../support/current-test.js';
import { DATABASES } from '../support/databases.js';
import {
  errorOfStart,
  scratchConnection,
  scratchDatabase,
  scratchHost,
} from '../support/scratch.js';
import { now, push, send } from './session-host.js';

const TABLES = ['live_push', 'live_session', 'live_session_lock', 'live_callback'];
const STATEMENTS = 'session-take session-merge session-end session-event session-forget'.split(' ');
const SESSIONS = { options: { sessions: {} } };

describe.each(DATABASES)('with $name', ({ isAbsent, create }) => {
  const prepared = async () => {
    const database = await scratchDatabase(create);
    await (await scratchHost({ database, ...SESSIONS })).close();
    return { database, dataSource: await scratchConnection(database) };
  };

  it.skipIf(isAbsent)('all of them do what they should, and nothing of it stays', async () => {
    const { database, dataSource } = await prepared();
    const own = await openModuleDataSource(new DataSource(database));
    onTestFinished(() => own.destroy());
    const verdicts = await proveSessionStatements(own, NOW_MS[dialectOf(own)]);
    expect(verdicts).toEqual(STATEMENTS.map((name) => ({ name, error: null })));
    for (const table of TABLES) {
      expect([table, await dataSource.query(`SELECT 1 FROM ${table}`)]).toEqual([table, []]);
    }
  });

  it.skipIf(isAbsent)(
    'a column that is gone stops the start with sessions, and no other',
    async () => {
      const { database, dataSource } = await prepared();
      await dataSource.query('ALTER TABLE live_session RENAME COLUMN gap_ms TO elsewhere');
      const error = await errorOfStart(scratchHost({ database, ...SESSIONS }));
      expect(error.name).toBe('StorageSetupError');
      expect(error.message).toContain('session-take (');
      const host = await scratchHost({ database });
      await host.close();
    },
  );
});

it('the doctor tries them once there are sessions', async () => {
  const database = await scratchDatabase();
  const env = { DATABASE_URL: databaseUrl(database) };
  const host = await scratchHost({ database, ...SESSIONS });
  const doctor = async () => (await cli(['doctor', '--json'], { env })).stdout;
  expect(await doctor()).not.toContain('session-take');
  await send(host, push('room', '1', now()));
  expect(await doctor()).toContain('statement session-take');
});
