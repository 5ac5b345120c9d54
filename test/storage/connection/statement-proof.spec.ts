/**
 * Every statement of the module is proved before it is needed: at start, when the database comes back, and by
 * `live-callback doctor`.
 */
import { DataSource, type DataSourceOptions } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import { LIVE_CALLBACK_ENTITIES, LiveCallbackHealth } from '../../../src/index.js';
import { CallbackDatabase } from '../../../src/storage/connection/callback.database.js';
import { dialectOf, NOW_MS } from '../../../src/storage/connection/dialect.js';
import { createModuleDataSource } from '../../../src/storage/connection/module-data-source.js';
import { proveStatements } from '../../../src/storage/statement.proof.js';
import { onTestFinished } from '../../support/current-test.js';
import { DATABASES } from '../../support/databases.js';
import { HURRIED } from '../../support/hurried.js';
import { LogLines } from '../../support/log-lines.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';
import {
  errorOfStart,
  scratchConnection,
  scratchDatabase,
  scratchHost,
} from '../../support/scratch.js';

const TABLES = ['live_callback', 'live_callback_delivery', 'live_callback_rejection'];
const STATEMENTS =
  'insert redelivery read contested attempt renew settle release due due-of-key claim purge requeue rejections'.split(
    ' ',
  );

/** The tables are there, and nobody else is. */
async function prepared(create: () => ReturnType<(typeof DATABASES)[number]['create']>) {
  const database = await scratchDatabase(create);
  await (await scratchHost({ database })).close();
  return { database, dataSource: await scratchConnection(database) };
}

async function open(database: DataSourceOptions): Promise<DataSource> {
  const host = new DataSource({ ...database, entities: [...LIVE_CALLBACK_ENTITIES] });
  const dataSource = await createModuleDataSource(host).initialize();
  onTestFinished(() => dataSource.destroy());
  return dataSource;
}

const prove = (dataSource: DataSource) =>
  proveStatements(dataSource, NOW_MS[dialectOf(dataSource)]);

const failedOf = (verdicts: Awaited<ReturnType<typeof prove>>) =>
  verdicts.filter(({ error }) => error).map((verdict) => verdict.name);

describe.each(DATABASES)('with $name', ({ name, isAbsent, create }) => {
  describe.skipIf(isAbsent)('there', () => {
    it('all statements are proved in milliseconds, and nothing of it stays', async () => {
      const { database, dataSource } = await prepared(create);
      const own = await open(database);
      await prove(own);
      const before = performance.now();
      const verdicts = await prove(own);
      const took = performance.now() - before;
      expect(verdicts).toEqual(STATEMENTS.map((one) => ({ name: one, error: null })));

      expect(took).toBeLessThan(2_000);
      for (const table of TABLES) {
        expect(await dataSource.query(`SELECT 1 FROM ${table}`)).toEqual([]);
      }
    });

    it.each([
      ['live_callback_delivery', 'next_attempt_at', ['insert']],
      // SQLite prepares what it writes all at once.
      ['live_callback_delivery', 'duration_ms', name === 'SQLite' ? ['insert'] : ['settle']],
      ['live_callback', 'reviewed_at', ['read', 'requeue', 'purge']],
      ['live_callback_rejection', 'last_at', ['rejections']],
    ])('a column that is gone, %s.%s, stops the start', async (table, column, names) => {
      const { database, dataSource } = await prepared(create);
      await dataSource.query(`ALTER TABLE ${table} RENAME COLUMN ${column} TO elsewhere`);
      expect(failedOf(await prove(await open(database)))).toEqual(expect.arrayContaining(names));
      const error = await errorOfStart(scratchHost({ database }));
      expect([error.name, error.message]).toEqual([
        'StorageSetupError',
        expect.stringContaining(
          `does not take these statements of nestjs-live-callback: ${names[0]} (`,
        ),
      ]);
      expect(error.message).toContain('run LIVE_CALLBACK_MIGRATIONS');
    });

    it('one that fails later shows in health and the log, by name, and so does its return', async () => {
      const { database, dataSource } = await prepared(create);
      const logger = new LogLines();
      const host = await scratchHost({ database, options: HURRIED, application: { logger } });
      const health = host.app.get(LiveCallbackHealth, { strict: false });
      const findings = async () => (await health.report()).storage.findings;
      const rename = (from: string, to: string) =>
        dataSource.query(`ALTER TABLE live_callback_rejection RENAME COLUMN ${from} TO ${to}`);
      await rename('last_at', 'elsewhere');
      host.app.get(CallbackDatabase, { strict: false }).doubt();
      await vi.waitFor(
        async () => expect(await findings()).toEqual(['statement-rejections']),
        10_000,
      );
      // What is stored is better than what is refused.
      expect((await health.report()).status).toBe('up');
      expect(logger.of('error')).toContainEqual(expect.stringContaining('rejections ('));
      await rename('elsewhere', 'last_at');
      await vi.waitFor(async () => expect(await findings()).toEqual([]), 10_000);
    });

    it.skipIf(name === 'SQLite')(
      'a database that comes back is proved although nothing was asked meanwhile',
      async () => {
        const { database, dataSource } = await prepared(create);
        const { host: address, port } = database as { host: string; port: number };
        const proxy = await startTcpProxy(address, port);
        onTestFinished(() => proxy.close());
        const behind = { ...database, host: '127.0.0.1', port: proxy.port } as DataSourceOptions;
        const host = await scratchHost({ database: behind, options: HURRIED });
        const table = 'live_callback_delivery';
        await dataSource.query(`ALTER TABLE ${table} RENAME COLUMN duration_ms TO elsewhere`);
        await proxy.cut();
        await proxy.restore();
        const db = host.app.get(CallbackDatabase, { strict: false });
        await vi.waitFor(() => expect(db.findings).toContain('statement-settle'), 10_000);
      },
    );
  });
});
