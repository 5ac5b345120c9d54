/**
 * Where callbacks are kept, on every database: migrations, the module's own connection beside the
 * host's, and what happens when the database is locked, away or hung. Nothing is ever acknowledged
 * that is not there afterwards.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { TypeOrmModule } from '@nestjs/typeorm';
import type { Database as SqliteDatabase } from 'better-sqlite3';
import { Column, DataSource, Entity, PrimaryColumn, type DataSourceOptions } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import {
  LIVE_CALLBACK_ENTITIES,
  LIVE_CALLBACK_MIGRATIONS,
  LiveCallback,
  LiveCallbackAuditService,
  LiveCallbackHealth,
  LiveCallbackModule,
  OnLiveEvent,
  StorageSetupError,
} from '../../src/index.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import type { NewCallback } from '../../src/storage/sql/callback.writer.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { digestOf } from '../support/digest.js';
import { KEY, startHost, startWith, type Host } from '../support/application.js';
import { onTestFinished, tellTestsApart } from '../support/current-test.js';
import { DATABASES } from '../support/databases.js';
import { EventRecorder } from '../support/event-recorder.js';
import {
  errorOfStart,
  scratchConnection,
  scratchDatabase,
  scratchHost,
  scratchHostWith,
} from '../support/scratch.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const OK = { status: 200, text: '{"code":0}' };
const AWAY = { status: 503, text: '{"code":503}' };
const TABLES = [
  'live_alert',
  'live_callback',
  'live_callback_delivery',
  'live_callback_rejection',
  'live_listener',
  'live_push',
  'live_reconciliation',
  'live_session',
  'live_session_lock',
];

@Entity('host_note')
class HostNote {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  text!: string;
}

const push = (fields = {}) => signCallback(streamPushCallback(fields), { key: KEY });
const find = async ({ app }: Host) =>
  (await app.get(LiveCallbackAuditService, { strict: false }).find({ limit: 500 })).items;

/** Sends all bodies before the first answer is read, and returns the statuses. */
async function pipeline({ url }: Host, bodies: readonly string[]): Promise<number[]> {
  const { port, host } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const requests = bodies.map(
    (body) =>
      `POST /live-callback HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  socket.write(requests.join(''));
  let answers = '';
  const statuses: number[] = [];
  for await (const chunk of socket) {
    answers += String(chunk);
    statuses.splice(0);
    for (const [, status] of answers.matchAll(/HTTP\/1\.1 (\d+)/g)) statuses.push(Number(status));
    if (statuses.length === bodies.length) break;
  }
  return statuses;
}

/** Columns and indexes of the module's tables, as text. */
async function schemaOf(dataSource: DataSource): Promise<string> {
  const runner = dataSource.createQueryRunner();
  try {
    const tables = await runner.getTables(TABLES);
    // In whatever order they were made.
    const byName = tables.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    return JSON.stringify(
      byName.map((table) => ({
        name: table.name,
        columns: table.columns.map(({ name, type, isNullable }) => [name, type, isNullable]),
        indices: table.indices
          .map(({ name, columnNames, isUnique }) => `${name} ${columnNames.join()} ${isUnique}`)
          .toSorted(),
      })),
    );
  } finally {
    await runner.release();
  }
}

/** A callback with one delivery, ready for a writer. */
function newCallback(index: number): NewCallback {
  const id = `0193504c-aaaa-7bbb-8ccc-00000000000${index}`;
  return {
    id,
    registration: 'default',
    origin: 'callback',
    kind: 'stream-push',
    eventType: 1,
    state: 'accepted',
    appId: null,
    domain: null,
    path: null,
    streamName: null,
    sequence: null,
    occurredAt: null,
    receivedAt: 1,
    contentDigest: digestOf(`content-${index}`),
    identityDigest: digestOf(`identity-${index}`),
    warnings: null,
    errors: null,
    remoteAddress: null,
    body: '{}',
    bodyEncoding: 'utf8',
    routeKind: null,
    deliveries: [
      {
        callbackId: id,
        listener: `listener-${index}`,
        orderingKey: digestOf(`stream-${index}`),
        attempts: 1,
      },
    ],
  };
}

describe.each(DATABASES)('with $name', ({ name, isAbsent, createBare }) => {
  describe.skipIf(isAbsent)('there', () => {
    const hostOptions = async (more: object = {}) =>
      ({ ...(await scratchDatabase(createBare)), ...more }) as DataSourceOptions;

    describe('migrations', () => {
      it('of four applications that start at once create the tables once', async () => {
        const database = await hostOptions();
        const starts = await Promise.allSettled([1, 2, 3, 4].map(() => startHost({ database })));
        const hosts = starts.flatMap((start) => (start.status === 'fulfilled' ? start.value : []));
        onTestFinished(async () => {
          for (const host of hosts) await host.close();
        });
        expect(starts.filter(({ status }) => status === 'rejected')).toEqual([]);
        const signed = push();
        for (const host of hosts) expect(await host.send(signed)).toMatchObject(OK);
        expect(await find(hosts[0]!)).toMatchObject([{ receiptsCount: 4 }]);
        const rows: unknown[] = await (
          await scratchConnection(database)
        ).query('SELECT name FROM live_callback_migration');
        expect(rows).toHaveLength(LIVE_CALLBACK_MIGRATIONS.length);
      });

      it('change nothing at the second start', async () => {
        const database = await hostOptions();
        const first = await scratchHost({ database });
        const signed = push();
        await first.send(signed);
        const dataSource = await scratchConnection(database);
        const schema = await schemaOf(dataSource);
        await first.close();
        const second = await scratchHost({ database });
        expect(await schemaOf(dataSource)).toBe(schema);
        expect(await second.send(signed)).toMatchObject(OK);
        expect(await find(second)).toMatchObject([{ receiptsCount: 2 }]);
      });

      it('that were cut off halfway are run to their end', async () => {
        const database = await hostOptions();
        const first = await scratchHost({ database });
        await first.send(push());
        const dataSource = await scratchConnection(database);
        const schema = await schemaOf(dataSource);
        await first.close();
        await dataSource.query('DELETE FROM live_callback_migration');
        const index = 'ix_live_callback_content';
        await dataSource.query(
          `DROP INDEX ${index}${name === 'MariaDB' ? ' ON live_callback' : ''}`,
        );
        await dataSource.query('DROP TABLE live_callback_rejection');
        expect(await schemaOf(dataSource)).not.toBe(schema);
        const second = await scratchHost({ database });
        expect(await schemaOf(dataSource)).toBe(schema);
        expect(await find(second)).toHaveLength(1);
      });

      it('that the host has to run are named when the tables are missing', async () => {
        const database = await hostOptions();
        const starting = scratchHost({ database, options: { runMigrations: false } });
        const error = await errorOfStart(starting);
        expect(error.name).toBe('StorageSetupError');
        expect(error.message).toBe(
          `The tables of nestjs-live-callback are not usable: ${TABLES.join(', ')} missing. Run LIVE_CALLBACK_MIGRATIONS first, or leave out runMigrations: false.`,
        );
      });

      it('can be run by the host', async () => {
        const database = await hostOptions({
          migrations: [...LIVE_CALLBACK_MIGRATIONS],
          migrationsRun: true,
          autoLoadEntities: true,
        });
        const host = await scratchHostWith([
          TypeOrmModule.forRoot(database),
          LiveCallbackModule.forRoot({ keys: KEY, runMigrations: false }),
        ]);
        expect(await host.send(push())).toMatchObject(OK);
        expect(await find(host)).toHaveLength(1);
      });

      it('can be reverted by the host, and leave nothing', async () => {
        const database = await hostOptions({
          entities: [...LIVE_CALLBACK_ENTITIES],
          migrations: [...LIVE_CALLBACK_MIGRATIONS],
        });
        const dataSource = await scratchConnection(database);
        await dataSource.runMigrations();
        for (let n = 0; n < LIVE_CALLBACK_MIGRATIONS.length; n++) {
          await dataSource.undoLastMigration();
        }
        const runner = dataSource.createQueryRunner();
        for (const table of TABLES) expect(await runner.hasTable(table)).toBe(false);
        await runner.release();
      });

      it('own the tables: a host with synchronize: true does not touch them', async () => {
        const database = await hostOptions();
        const start = () =>
          startWith(
            [
              TypeOrmModule.forRoot({
                ...database,
                entities: [HostNote, ...LIVE_CALLBACK_ENTITIES],
                synchronize: true,
              }),
              LiveCallbackModule.forRoot({ keys: KEY }),
            ],
            {},
          );
        const first = await start();
        await first.send(push());
        const dataSource = await scratchConnection(database);
        const schema = await schemaOf(dataSource);
        await first.close();
        const second = await start();
        onTestFinished(() => second.close());
        expect(await schemaOf(dataSource)).toBe(schema);
        expect(await find(second)).toHaveLength(1);
        const runner = dataSource.createQueryRunner();
        expect(await runner.hasTable('host_note')).toBe(true);
        await runner.release();
      });

      it('and everything else follow the entityPrefix of the host', async () => {
        const database = await hostOptions({ entityPrefix: 'acme_', autoLoadEntities: true });
        const host = await scratchHostWith(
          [TypeOrmModule.forRoot(database), LiveCallbackModule.forRoot({ keys: KEY })],
          { module: { providers: [EventRecorder] } },
        );
        const signed = push();
        expect(await host.send(signed)).toMatchObject(OK);
        expect(await host.send(signed)).toMatchObject(OK);
        await whenListenersDone(host.app);
        expect(await find(host)).toMatchObject([{ receiptsCount: 2 }]);
        const dataSource = await scratchConnection({ ...database, entities: [] });
        expect(await dataSource.query('SELECT state FROM acme_live_callback_delivery')).toEqual([
          { state: 'done' },
        ]);
        await expect(dataSource.query('SELECT 1 FROM live_callback')).rejects.toThrow(
          /live_callback/,
        );
        const rows = host.app.get(DataSource).getRepository(LiveCallback);
        expect(await rows.count()).toBe(1);
      });
    });

    describe("the host's own transaction", () => {
      const startWithNotes = async () =>
        scratchHostWith([
          TypeOrmModule.forRoot({
            ...(await scratchDatabase(createBare)),
            entities: [HostNote, ...LIVE_CALLBACK_ENTITIES],
            synchronize: true,
          }),
          LiveCallbackModule.forRoot({ keys: KEY }),
        ]);

      it('that is rolled back takes no callback with it', async () => {
        const host = await startWithNotes();
        const dataSource = host.app.get(DataSource);
        const runner = dataSource.createQueryRunner();
        await runner.connect();
        await runner.startTransaction();
        await runner.query('SELECT count(*) FROM host_note');
        expect(await host.send(push())).toMatchObject(OK);
        await runner.rollbackTransaction();
        await runner.release();
        expect(await find(host)).toHaveLength(1);
      });

      it('that holds a write while callbacks arrive loses none, and loses its own rows', async () => {
        const host = await startWithNotes();
        const dataSource = host.app.get(DataSource);
        let sending: Promise<unknown[]> | undefined;
        const transaction = dataSource.transaction(async (manager) => {
          await manager.insert(HostNote, { id: '1', text: 'never' });
          sending = Promise.all(Array.from({ length: 10 }, () => host.send(push())));
          await sleep(200);
          throw new Error('roll back');
        });
        await expect(transaction).rejects.toThrow('roll back');
        expect(await sending).toMatchObject(Array.from({ length: 10 }, () => OK));
        expect(await find(host)).toHaveLength(10);
        expect(await dataSource.getRepository(HostNote).count()).toBe(0);
      });
    });

    it('many callbacks at once share transactions', async () => {
      const host = await scratchHost({ database: await hostOptions() });
      const { writer } = host.app.get(CallbackDatabase, { strict: false });
      const insert = vi.spyOn(writer, 'insert');
      const bodies = Array.from({ length: 100 }, () => push().body);
      expect(await pipeline(host, bodies)).toEqual(Array(100).fill(200));
      expect(await find(host)).toHaveLength(100);
      const sizes = insert.mock.calls.map(([batch]) => batch.length);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
      expect(sizes.length).toBeLessThan(100);
    });

    it('listener ids that differ in case or spaces alone work, or stop the start', async () => {
      class Similar {
        @OnLiveEvent('*', { id: 'orders' })
        first() {}

        @OnLiveEvent('*', { id: 'Orders' })
        second() {}

        @OnLiveEvent('*', { id: 'orders ' })
        third() {}
      }
      const database = await hostOptions();
      const outcome = await scratchHost({ database, module: { providers: [Similar] } }).then(
        async (host) => (await host.send(push())).status,
        (error: Error) => error.name,
      );
      expect([200, 'ListenerError']).toContain(outcome);
    });

    it('an insert says of the leases what the table says, though listeners gain and lose room meanwhile', async () => {
      const database = await hostOptions();
      const host = await scratchHost({ database });
      const { writer } = host.app.get(CallbackDatabase, { strict: false });
      const entries = Array.from({ length: 4 }, (_, index) => newCallback(index));
      let asked = 0;
      const results = await writer.insert(
        entries.map((callback) => ({ callback, copies: 1, conflictsInBatch: false })),
        {
          owner: 'me',
          registration: 'default',
          milliseconds: 8_000,
          graceMs: null,
          takes: () => asked++ % 3 === 0,
        },
      );
      const rows = await (
        await scratchConnection(database)
      ).query<{ id: string; owner: string | null }[]>(
        'SELECT callback_id AS id, lease_owner AS owner FROM live_callback_delivery ORDER BY 1',
      );
      const leased = results.flatMap((result) => result.leased.map(({ callbackId }) => callbackId));
      expect(leased.toSorted()).toEqual(rows.flatMap(({ id, owner }) => (owner ? [id] : [])));
    });

    it('a table that is gone means 503, and 200 again once it is back', async () => {
      const database = await hostOptions();
      await (await scratchHost({ database })).close();
      const host = await scratchHost({ database, options: { runMigrations: false } });
      const dataSource = await scratchConnection(database);
      const signed = push();
      await dataSource.query('ALTER TABLE live_callback RENAME TO elsewhere');
      expect(await host.send(signed)).toMatchObject(AWAY);
      await expect(
        host.app.get(LiveCallbackHealth, { strict: false }).check(),
      ).rejects.toBeInstanceOf(Error);
      await dataSource.query('ALTER TABLE elsewhere RENAME TO live_callback');
      expect(await host.send(signed)).toMatchObject(OK);
      expect(await find(host)).toMatchObject([{ receiptsCount: 1 }]);
    });
  });
});

describe('with SQLite', () => {
  it('the own connection has WAL and synchronous=FULL, whatever the host sets on its own', async () => {
    const host = await scratchHost({
      database: {
        ...(await scratchDatabase()),
        prepareDatabase: (database: SqliteDatabase) => {
          database.pragma('journal_mode = WAL');
          database.pragma('synchronous = OFF');
        },
      } as DataSourceOptions,
    });
    const own = host.app.get(CallbackDatabase, { strict: false }).dataSource;
    expect(await own.query('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    expect(await own.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect(await own.query('PRAGMA busy_timeout')).toEqual([{ timeout: 0 }]);
    const hosts = host.app.get(DataSource);
    expect(hosts).not.toBe(own);
    expect(await hosts.query('PRAGMA synchronous')).toEqual([{ synchronous: 0 }]);
  });

  it('a write lock that the host holds too long means 503, and the retry is stored', async () => {
    const host = await scratchHost();
    const runner = host.app.get(DataSource).createQueryRunner();
    await runner.query('BEGIN IMMEDIATE');
    const signed = push();
    expect(await host.send(signed)).toMatchObject(AWAY);
    await runner.query('ROLLBACK');
    expect(await host.send(signed)).toMatchObject(OK);
    expect(await find(host)).toMatchObject([{ receiptsCount: 1 }]);
  });
});

describe.each(DATABASES.filter(({ name }) => name !== 'SQLite'))(
  'when the server of $name',
  ({ isAbsent, create }) => {
    describe.skipIf(isAbsent)('there', { concurrent: true }, () => {
      tellTestsApart();

      const startBehindProxy = async (): Promise<{ host: Host; proxy: TcpProxy }> => {
        const options = (await scratchDatabase(create)) as { host: string; port: number };
        const proxy = await startTcpProxy(options.host, options.port);
        onTestFinished(() => proxy.close());
        const database = { ...options, host: '127.0.0.1', port: proxy.port } as DataSourceOptions;
        return { host: await scratchHost({ database }), proxy };
      };

      const startWithoutDatabase = async (take: (proxy: TcpProxy) => unknown) => {
        const options = (await scratchDatabase(create)) as { host: string; port: number };
        const proxy = await startTcpProxy(options.host, options.port);
        onTestFinished(() => proxy.close());
        await take(proxy);
        const database = { ...options, host: '127.0.0.1', port: proxy.port } as DataSourceOptions;
        return { host: await scratchHost({ database }), proxy };
      };

      it.each([
        ['is down at the start', (proxy: TcpProxy) => proxy.cut()],
        ['hangs at the start', (proxy: TcpProxy) => proxy.hang()],
      ])('%s, the application is not ready, and becomes so by itself', async (_, take) => {
        const { host, proxy } = await startWithoutDatabase(take);
        const health = host.app.get(LiveCallbackHealth);
        const signed = push();
        expect(await host.send(signed)).toMatchObject(AWAY);
        await expect(health.check()).rejects.toThrow('does not answer');
        await proxy.restore();
        await vi.waitFor(async () => expect(await host.send(signed)).toMatchObject(OK), 20_000);
        await health.check();
        expect(await find(host)).toHaveLength(1);
      });

      it('refuses the password, the application does not start', async () => {
        const options = await scratchDatabase(create);
        const database = { ...options, username: 'nobody-here', password: 'secret-word' };
        const starting = scratchHost({ database: database as DataSourceOptions });
        await expect(starting).rejects.toThrow(StorageSetupError);
        await expect(starting).rejects.toThrow('Check the option "database"');
      });

      it('is killed, callbacks get 503; once it is back, 200 without a restart', async () => {
        const { host, proxy } = await startBehindProxy();
        const first = push();
        expect(await host.send(first)).toMatchObject(OK);
        await proxy.cut();
        const lost = Array.from({ length: 5 }, () => push());
        for (const signed of lost) expect(await host.send(signed)).toMatchObject(AWAY);
        expect(await host.send(first)).toMatchObject(AWAY);
        await proxy.restore();
        await vi.waitFor(async () => expect(await host.send(first)).toMatchObject(OK), 5_000);
        for (const signed of lost) expect(await host.send(signed)).toMatchObject(OK);
        expect(await find(host)).toHaveLength(6);
      });

      it('hangs, callbacks get 503 by the own deadline; their retries are stored once', async () => {
        const { host, proxy } = await startBehindProxy();
        expect(await host.send(push())).toMatchObject(OK);
        proxy.hang();
        const signed = push();
        expect(await host.send(signed)).toMatchObject(AWAY);
        await proxy.restore();
        await vi.waitFor(async () => expect(await host.send(signed)).toMatchObject(OK), 5_000);
        expect(await find(host)).toHaveLength(2);
      });
    });
  },
);

describe.each(DATABASES.filter(({ name }) => name === 'PostgreSQL'))(
  'with $name',
  ({ isAbsent, createBare }) => {
    describe.skipIf(isAbsent)('there', () => {
      it('the tables follow the schema of the host', async () => {
        const database = await scratchDatabase(createBare);
        const dataSource = await scratchConnection(database);
        await dataSource.query('CREATE SCHEMA tenant');
        const options = { ...database, schema: 'tenant', autoLoadEntities: true };
        const host = await scratchHostWith([
          TypeOrmModule.forRoot(options),
          LiveCallbackModule.forRoot({ keys: KEY }),
        ]);
        expect(await host.send(push())).toMatchObject(OK);
        const tables = await dataSource.query<{ name: string }[]>(
          `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
         WHERE table_name LIKE 'live%' ORDER BY 1`,
        );
        expect(tables.map((table) => table.name)).toEqual([
          'tenant.live_alert',
          'tenant.live_callback',
          'tenant.live_callback_delivery',
          'tenant.live_callback_migration',
          'tenant.live_callback_rejection',
          'tenant.live_listener',
          'tenant.live_push',
          'tenant.live_reconciliation',
          'tenant.live_session',
          'tenant.live_session_lock',
        ]);
        expect(await find(host)).toHaveLength(1);
      });

      it('a row that a trigger of the host swallows means 503, and the retry is stored once it is gone', async () => {
        const database = await scratchDatabase(createBare);
        const dataSource = await scratchConnection(database);
        const host = await scratchHost({ database });
        await dataSource.query(
          `CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
        );
        await dataSource.query(
          'CREATE TRIGGER swallow BEFORE INSERT ON live_callback FOR EACH ROW EXECUTE FUNCTION swallow()',
        );
        const callback = push();
        expect(await host.send(callback)).toMatchObject({ status: 503 });
        await dataSource.query('DROP TRIGGER swallow ON live_callback');
        expect(await host.send(callback)).toMatchObject(OK);
        expect(await find(host)).toHaveLength(1);
      });

      it('connections that the server ends mean 503 or 200, and never a lost callback', async () => {
        const database = await scratchDatabase(createBare);
        const host = await scratchHost({ database });
        const dataSource = await scratchConnection(database);
        const callbacks = Array.from({ length: 200 }, () => push());
        const sending = Promise.all(
          callbacks.map(async (signed) => (await host.send(signed)).status),
        );
        for (let i = 0; i < 5; i++) {
          await dataSource.query(
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
          );
        }
        const answers = await sending;
        expect(answers.every((status) => status === 200 || status === 503)).toBe(true);
        const stored = new Set((await find(host)).map(({ sequence }) => sequence));
        const acknowledged = callbacks.filter((_, index) => answers[index] === 200);
        for (const { payload } of acknowledged) {
          expect(stored).toContain(String(payload['sequence']));
        }
        for (const signed of callbacks) {
          await vi.waitFor(async () => expect(await host.send(signed)).toMatchObject(OK), 5_000);
        }
        expect(await find(host)).toHaveLength(200);
      });
    });
  },
);
