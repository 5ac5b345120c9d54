/**
 * What the module's own connection takes from the host's DataSource: the way to the database and names, and
 * nothing else, whatever a host sets.
 */
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import {
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackAuditService,
  LiveCallbackModule,
  OnLiveEvent,
} from '../../../src/index.js';
import { createModuleDataSource } from '../../../src/storage/connection/module-data-source.js';
import { signCallback, streamPushCallback } from '../../../src/testing/index.js';
import { KEY, type Host } from '../../support/application.js';
import { onTestFinished } from '../../support/current-test.js';
import { DATABASES } from '../../support/databases.js';
import { freePort } from '../../support/free-port.js';
import { scratchDatabase, scratchHost, scratchHostWith } from '../../support/scratch.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';

class Pushes {
  @OnLiveEvent('stream-push', { id: 'pushes' })
  onPush(): void {}
}

const module = { providers: [Pushes] };
const push = () => signCallback(streamPushCallback(), { key: KEY });

/** @returns the answer to a callback, after its listener is done with it */
async function statusOf(host: Host): Promise<number> {
  const { status } = await host.send(push());
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  await vi.waitFor(async () => {
    expect((await audit.find({ delivery: 'done' })).items).toHaveLength(1);
  }, 10_000);
  return status;
}

const moduleOptions = (options: object) =>
  createModuleDataSource(new DataSource(options as DataSourceOptions)).options as unknown as {
    extra: Record<string, unknown>;
  } & Record<string, unknown>;

/** Options that would break statements, or the tables, of a connection that takes them. */
const HOSTILE: Record<string, object> = {
  SQLite: { readonly: false, timeout: 1, statementCacheSize: 0, verbose: () => {} },
  PostgreSQL: {
    parseInt8: true,
    useUTC: true,
    poolSize: 1,
    installExtensions: true,
    extra: {
      max: 1,
      // The host's own statements at start have to be done in time too.
      statement_timeout: 1_000,
      idle_in_transaction_session_timeout: 1,
      options: '-c default_transaction_read_only=on',
      // The host's own reading of JSON, as with `types.setTypeParser`.
      types: { getTypeParser: (type: number) => (type === 114 ? () => 'nothing' : String) },
    },
  },
  MariaDB: {
    charset: 'latin1',
    timezone: '+07:00',
    dateStrings: true,
    supportBigNumbers: false,
    multipleStatements: true,
    extra: { connectionLimit: 1, namedPlaceholders: true, decimalNumbers: true },
  },
};

it.each<[string, object, object, object]>([
  [
    'PostgreSQL',
    {
      type: 'postgres',
      url: 'postgres://u:p@db:5432/live?sslmode=require&statement_timeout=5&options=-c%20x%3Dy&max=1',
      dropSchema: true,
      synchronize: true,
      migrationsRun: true,
      subscribers: [class {}],
      cache: true,
      logger: 'file',
      applicationName: 'host',
      extra: {
        ssl: true,
        max: 99,
        idleTimeoutMillis: 1,
        query_timeout: 1,
        statement_timeout: 1,
        options: '-c x=y',
      },
    },
    { url: 'postgres://u:p@db:5432/live?sslmode=require', applicationName: 'host' },
    { ssl: true, max: 4 },
  ],
  [
    'MySQL',
    {
      type: 'mysql',
      host: 'ignored',
      ssl: { ca: 'ca' },
      replication: { master: { host: 'primary', password: 'p' }, slaves: [{ host: 'replica' }] },
      flags: ['-FOUND_ROWS'],
      extra: { authPlugins: {}, namedPlaceholders: true, maxIdle: 0 },
    },
    { host: 'primary', password: 'p', ssl: { ca: 'ca' }, charset: 'utf8mb4' },
    { authPlugins: {}, connectionLimit: 4 },
  ],
  [
    'SQLite',
    { type: 'better-sqlite3', database: 'a.db', key: 'k', readonly: true, prepareDatabase: null },
    { database: 'a.db', key: 'k', timeout: 0, enableWAL: true },
    {},
  ],
])('of a host on %s nothing else is taken', (_name, host, kept, extra) => {
  const { extra: given, ...options } = moduleOptions(host);
  expect(options).toMatchObject(kept);
  const left = ['dropSchema', 'synchronize', 'migrationsRun', 'subscribers', 'cache', 'logger'];
  for (const name of [...left, 'replication', 'readonly', 'flags', 'parseInt8']) {
    expect(options).not.toHaveProperty(name);
  }
  expect(given).toMatchObject(extra);
  const strange = ['idleTimeoutMillis', 'query_timeout', 'options', 'namedPlaceholders', 'maxIdle'];
  for (const name of [...strange, 'statement_timeout']) expect(given).not.toHaveProperty(name);
});

describe.each(DATABASES)('with $name', ({ name, isAbsent, create }) => {
  it.skipIf(isAbsent)('callbacks are stored whatever the host sets for its own', async () => {
    const database = { ...(await scratchDatabase(create)), ...HOSTILE[name] } as DataSourceOptions;
    const host = await scratchHostWith(
      [
        TypeOrmModule.forRoot({ ...database, entities: [...LIVE_CALLBACK_ENTITIES] }),
        LiveCallbackModule.forRoot({ keys: KEY }),
      ],
      { module },
    );
    expect(await statusOf(host)).toBe(200);
  });

  describe.skipIf(isAbsent || name === 'SQLite')('and a replica', () => {
    it('that is away at start is not needed', async () => {
      const { type, ...master } = await scratchDatabase(create);
      const replica = { ...master, host: '127.0.0.1', port: await freePort() };
      const database = { type, replication: { master, slaves: [replica] } } as DataSourceOptions;
      expect(await statusOf(await scratchHost({ database, module }))).toBe(200);
    });

    it('that goes away later is not needed', async () => {
      const { type, ...master } = await scratchDatabase(create);
      const { host: address, port } = master as unknown as { host: string; port: number };
      const proxy = await startTcpProxy(address, port);
      onTestFinished(() => proxy.close());
      const replica = { ...master, host: '127.0.0.1', port: proxy.port };
      const database = { type, replication: { master, slaves: [replica] } } as DataSourceOptions;
      const host = await scratchHostWith(
        [
          TypeOrmModule.forRoot({ ...database, entities: [...LIVE_CALLBACK_ENTITIES] }),
          LiveCallbackModule.forRoot({ keys: KEY }),
        ],
        { module },
      );
      await proxy.cut();
      expect(await statusOf(host)).toBe(200);
    });
  });
});
