/**
 * Servers, roles and databases that preset every connection to what the statements of the module would not
 * survive: what is stored, tried again and read there is what it is anywhere.
 */
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import {
  LiveCallbackAuditService,
  LiveCallbackHealth,
  NonRetryableError,
  OnLiveEvent,
} from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import type { FaultyDatabase } from '../faults/databases/faulty-database.js';
import { startMariadb } from '../faults/databases/mariadb.js';
import { KEY } from '../support/application.js';
import { DATABASES } from '../support/databases.js';
import { HURRIED } from '../support/hurried.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';

const STREAM = "现场'直播\\'\" || 🎥";

const LETTERS = Array.from(STREAM).length;

class Listeners {
  runs = 0;

  @OnLiveEvent('*', { id: 'second-time' })
  fails() {
    if (++this.runs === 1) throw new Error(STREAM);
  }

  @OnLiveEvent('*', { id: 'never' })
  dies() {
    throw new NonRetryableError('null');
  }
}

/** A callback goes its whole way: stored, failed, tried again, dead, replayed, read, counted. @returns letters of its stream */
async function goWholeWay(database: FaultyDatabase['options']): Promise<number> {
  const host = await scratchHost({
    database,
    module: { providers: [Listeners] },
    options: HURRIED,
  });
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  const push = signCallback(streamPushCallback({ stream_id: STREAM, sequence: 'NULL' }), {
    key: KEY,
  });
  const before = Date.now();
  const copies = await Promise.all([host.send(push), host.send(push)]);
  expect(copies).toMatchObject([{ status: 200 }, { status: 200 }]);
  await whenListenersDone(host.app);
  const { items } = await audit.find({ stream: STREAM });
  expect(items).toMatchObject([{ stream: { name: STREAM }, sequence: 'NULL', receiptsCount: 2 }]);
  expect(Math.abs(items[0]!.receivedAt.getTime() - before)).toBeLessThan(5_000);
  const detail = await audit.get(items[0]!.id);
  expect(detail?.body).toBe(push.body);
  const statesOf = async () => {
    const { deliveries = [] } = (await audit.get(items[0]!.id)) ?? {};
    return deliveries.map(({ listener, state }) => `${listener} ${state}`).toSorted();
  };
  const settled = ['never dead', 'second-time done'];
  await vi.waitFor(async () => expect(await statesOf()).toEqual(settled), 10_000);
  expect(await audit.replay({ delivery: 'dead' }, { reason: STREAM, actor: 'me' })).toBeDefined();
  await whenListenersDone(host.app);
  const report = await host.app.get(LiveCallbackHealth, { strict: false }).report();
  expect(report).toMatchObject({ status: 'up', deadLetters: 1, backlog: { pending: 0 } });
  await host.close();
  // As letters, and not as bytes that come back as they went.
  const connection = await scratchConnection(database);
  const [row] = await connection.query<{ letters: unknown }[]>(
    'SELECT char_length(stream_name) AS letters FROM live_callback',
  );
  return Number(row?.letters);
}

describe('MariaDB', () => {
  let server: FaultyDatabase;

  beforeAll(async () => {
    server = await startMariadb([
      '--sql-mode=ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,ONLY_FULL_GROUP_BY,SIMULTANEOUS_ASSIGNMENT,EMPTY_STRING_IS_NULL,NO_ZERO_DATE,IGNORE_SPACE',
      '--autocommit=0',
      '--completion-type=CHAIN',
      '--transaction-isolation=SERIALIZABLE',
      '--transaction-read-only',
      '--default-storage-engine=MyISAM',
      '--character-set-server=latin1',
      '--skip-character-set-client-handshake',
      '--default-time-zone=+08:00',
      '--lower-case-table-names=1',
      '--innodb-default-row-format=compact',
    ]);
    const connection = await new DataSource(server.options).initialize();
    await connection.query(
      'SET GLOBAL sql_safe_updates = 1, sql_select_limit = 1, unique_checks = 0',
    );
    await connection.destroy();
  });

  afterAll(() => server?.close());

  it('presets modes, transactions, charset, engine and bounds of results, and nothing is lost', async () => {
    expect(await goWholeWay(server.options)).toBe(LETTERS);
  });
});

describe.skipIf(DATABASES[1].isAbsent)('PostgreSQL', () => {
  it.each([
    "default_transaction_isolation = 'serializable'",
    'default_transaction_read_only = on',
    'standard_conforming_strings = off',
    'array_nulls = off',
    "client_encoding = 'LATIN1'",
    "TimeZone = 'America/St_Johns'",
    "DateStyle = 'German, DMY'",
    "IntervalStyle = 'iso_8601'",
    "bytea_output = 'escape'",
    'lock_timeout = 1',
    'idle_in_transaction_session_timeout = 1',
    'transform_null_equals = on',
    'synchronous_commit = off',
  ])('with ALTER DATABASE … SET %s loses nothing', async (setting) => {
    const database = await scratchDatabase(DATABASES[1].create);
    const connection = await scratchConnection(database);
    await connection.query(`ALTER DATABASE ${String(database.database)} SET ${setting}`);
    expect(await goWholeWay(database)).toBe(LETTERS);
  });
});
