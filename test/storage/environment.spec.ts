/**
 * What a database lacks is found at start, or shown by health; tables that somebody drops come back, or are
 * named; and what concerns one row of a batch concerns no other.
 */
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import {
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackAuditService,
  LiveCallbackHealth,
  LiveCallbackModule,
  StorageSetupError,
} from '../../src/index.js';
import { lookAtSqlite } from '../../src/storage/connection/environment/sqlite.environment.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { DATABASES } from '../support/databases.js';
import { HURRIED } from '../support/hurried.js';
import { LogLines } from '../support/log-lines.js';
import {
  errorOfStart,
  scratchConnection,
  scratchDatabase,
  scratchHost,
  scratchHostWith,
} from '../support/scratch.js';

const [, POSTGRES, MARIADB] = DATABASES;

const push = (fields = {}) => signCallback(streamPushCallback(fields), { key: KEY });
const healthOf = ({ app }: Host) => app.get(LiveCallbackHealth, { strict: false });
const startOn = (database: DataSourceOptions) => errorOfStart(scratchHost({ database }));

/** A database in which the tables are, and a connection to it. */
async function withTables(create: (typeof DATABASES)[number]['create']) {
  const database = await scratchDatabase(create);
  await (await scratchHost({ database })).close();
  return { database, connection: await scratchConnection(database) };
}

describe.skipIf(POSTGRES.isAbsent)('a PostgreSQL database', () => {
  it.each(['LATIN1', 'SQL_ASCII', 'EUC_CN'])(
    'in %s stops the start, with the fix',
    async (encoding) => {
      const server = await scratchConnection(await scratchDatabase(POSTGRES.create));
      const database = `${String(server.options.database)}_${encoding.toLowerCase()}`;
      await server.query(
        `CREATE DATABASE ${database} ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
      );
      onTestFinished(async () => {
        const other = await new DataSource({
          ...server.options,
          database: 'postgres',
        } as DataSourceOptions).initialize();
        await other.query(`DROP DATABASE ${database} WITH (FORCE)`);
        await other.destroy();
      });
      const error = await startOn({ ...server.options, database } as DataSourceOptions);
      expect(error).toBeInstanceOf(StorageSetupError);
      expect(error.message).toContain(`is encoded in ${encoding}`);
      expect(error.message).toContain("ENCODING 'UTF8'");
    },
  );

  it('whose table is not logged is a risk that log and health tell', async () => {
    const { database, connection } = await withTables(POSTGRES.create);
    await connection.query('ALTER TABLE live_callback_delivery SET UNLOGGED');
    const logger = new LogLines();
    const host = await scratchHost({ database, application: { logger } });
    expect(logger.of('warn').join()).toMatch(/Not logged: live_callback_delivery.*power loss/);
    const { status, storage } = await healthOf(host).report();
    expect([status, storage]).toEqual(['up', { status: 'up', findings: ['table-unlogged'] }]);
  });
});

describe.skipIf(MARIADB.isAbsent)('a MariaDB database', () => {
  it.each([
    ['live_callback ENGINE = Aria', 'Tables have no transactions: live_callback in Aria'],
    [
      'live_callback_delivery CONVERT TO CHARACTER SET latin1',
      'live_callback_delivery.listener in latin1_swedish_ci',
    ],
    [
      'live_callback CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
      'live_callback.stream_name in utf8mb4_general_ci',
    ],
  ])('with ALTER TABLE %s stops the start', async (change, what) => {
    const { database, connection } = await withTables(MARIADB.create);
    await connection.query(`ALTER TABLE ${change}`);
    const error = await startOn(database);
    expect(error).toBeInstanceOf(StorageSetupError);
    expect(error.message).toContain(what);
  });
});

it('a SQLite file without WAL is found', async () => {
  const connection = await scratchConnection(await scratchDatabase());
  expect(await lookAtSqlite(connection)).toMatchObject([{ code: 'journal', severity: 'broken' }]);
});

describe.each(DATABASES)('with $name', ({ name, isAbsent, create }) => {
  describe.skipIf(isAbsent)('there', () => {
    it('one log line of the start says that nothing is wrong', async () => {
      const logger = new LogLines();
      await scratchHost({ database: await scratchDatabase(create), application: { logger } });
      const lines = logger.of('log').filter((line) => line.includes('settings of the database'));
      expect(lines).toEqual(['The settings of the database endanger no callback.']);
    });

    describe('tables that are dropped while the application runs', () => {
      it('come back after synchronize(true) of the host, which the log tells', async () => {
        const logger = new LogLines();
        const database = await scratchDatabase(create);
        const host = await scratchHostWith(
          [
            TypeOrmModule.forRoot({ ...database, entities: [...LIVE_CALLBACK_ENTITIES] }),
            LiveCallbackModule.forRoot({ keys: KEY, ...HURRIED }),
          ],
          { application: { logger } },
        );
        expect((await host.send(push())).status).toBe(200);
        await host.app.get(DataSource).synchronize(true);
        const signed = push();
        await vi.waitFor(async () => expect((await host.send(signed)).status).toBe(200), 10_000);
        const { items } = await host.app.get(LiveCallbackAuditService, { strict: false }).find();
        expect(items).toHaveLength(1);
        expect(logger.of('error').join()).toMatch(/are gone: .*live_callback.* They are made anew/);
        expect(await healthOf(host).report()).toMatchObject({ status: 'up' });
      });

      it.each([undefined, 'restart'])('come back one by one, too (%s)', async (restart) => {
        const database = await scratchDatabase(create);
        let host = await scratchHost({ database, options: HURRIED });
        const connection = await scratchConnection(database);
        if (restart) await host.close();
        await connection.query('DROP TABLE live_callback_delivery');
        if (restart) host = await scratchHost({ database });
        const signed = push();
        await vi.waitFor(async () => expect((await host.send(signed)).status).toBe(200), 10_000);
      });

      it('are named by health and log where the host runs the migrations', async () => {
        const { database, connection } = await withTables(create);
        const logger = new LogLines();
        const options = { ...HURRIED, runMigrations: false };
        const host = await scratchHost({ database, options, application: { logger } });
        await connection.query('DROP TABLE live_callback_delivery');
        await host.send(push());
        await vi.waitFor(
          () =>
            expect(healthOf(host).check()).rejects.toThrow(
              'live_callback_delivery missing. Run LIVE_CALLBACK_MIGRATIONS',
            ),
          10_000,
        );
        expect(await healthOf(host).report()).toMatchObject({ status: 'down' });
        expect(logger.of('error').join()).toContain('live_callback_delivery missing');
        const error = await errorOfStart(scratchHost({ database, options }));
        expect(error.message).toContain('live_callback_delivery missing');
      });
    });

    it('a row that a trigger of the host refuses fails alone', async () => {
      const { database, connection } = await withTables(create);
      for (const sql of REFUSALS[name]) await connection.query(sql);
      const host = await scratchHost({ database });
      const names = Array.from({ length: 30 }, (_, index) => (index === 17 ? 'poison' : 'good'));
      const answers = await Promise.all(names.map((stream_id) => host.send(push({ stream_id }))));
      expect(answers.map(({ status }) => status)).toEqual(
        names.map((stream_id) => (stream_id === 'poison' ? 503 : 200)),
      );
    });
  });
});

const REFUSALS = {
  SQLite: [
    `CREATE TRIGGER refuse BEFORE INSERT ON live_callback WHEN new.stream_name = 'poison'
     BEGIN SELECT raise(ABORT, 'no'); END`,
  ],
  PostgreSQL: [
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN IF new.stream_name = 'poison' THEN RAISE 'no'; END IF; RETURN new; END $$`,
    'CREATE TRIGGER refuse BEFORE INSERT ON live_callback FOR EACH ROW EXECUTE FUNCTION refuse()',
  ],
  MariaDB: [
    `CREATE TRIGGER refuse BEFORE INSERT ON live_callback FOR EACH ROW
     IF new.stream_name = 'poison' THEN SIGNAL SQLSTATE '45000' SET message_text = 'no'; END IF`,
  ],
} as const;
