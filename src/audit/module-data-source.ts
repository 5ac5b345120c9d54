import type { Database } from 'better-sqlite3';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { dialectOfType, type Dialect } from './dialect.js';
import { CONNECT_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from './drivers/deadlines.js';
import { preparePostgres } from './drivers/postgres.connection.js';
import { prepareSqlite } from './drivers/sqlite.connection.js';
import { LIVE_CALLBACK_ENTITIES } from './entities/index.js';
import { LIVE_CALLBACK_MIGRATIONS } from './migrations/index.js';
import { StorageSetupError } from './storage.error.js';

/** Connections that the module opens beside the host's; SQLite has one. */
const POOL_SIZE = 4;
/**
 * Pages that SQLite keeps in memory, in its notation: 64 MiB. Digests are spread over all of their indexes, so
 * that a smaller one reads most pages again for each callback once there are some 100,000.
 */
const SQLITE_CACHE_SIZE = -65_536;

/**
 * A DataSource of the module's own to the host's database. Its own, because a better-sqlite3
 * DataSource has one shared query runner, where a rollback of the host would erase callbacks that
 * were acknowledged; and with own deadlines, because drivers wait for a hung database for ever.
 *
 * @throws StorageSetupError for a database that cannot keep the promises
 */
export function createModuleDataSource(host: DataSource): DataSource {
  const dialect = dialectOfType(host.options.type);
  if (!dialect) {
    throw new StorageSetupError(
      `The DataSource is of type "${host.options.type}". nestjs-live-callback stores callbacks in better-sqlite3, postgres, mysql or mariadb: pass one of these as "database", or name such a DataSource as "dataSource".`,
    );
  }
  if (dialect === 'sqlite' && isInMemory(host.options.database)) {
    throw new StorageSetupError(
      'The DataSource is an in-memory SQLite database, which nothing survives and which a second connection cannot open. Give it a file, in tests a temporary one: database: join(tmpdir(), "live-callback.db").',
    );
  }
  return new DataSource({
    ...host.options,
    ...OVERRIDES[dialect](host.options),
    entities: [...LIVE_CALLBACK_ENTITIES],
    migrations: [...LIVE_CALLBACK_MIGRATIONS],
    migrationsTableName: 'live_callback_migration',
    subscribers: [],
    synchronize: false,
    dropSchema: false,
    migrationsRun: false,
    cache: false,
  });
}

function isInMemory(database: unknown): boolean {
  return database === undefined || database === '' || database === ':memory:';
}

type Overrides = (
  options: DataSourceOptions & { extra?: object; replication?: Replication },
) => object;

interface Replication {
  master: object;
}

const OVERRIDES: Record<Dialect, Overrides> = {
  sqlite: () => ({
    // A busy database is retried from the event loop; waiting inside SQLite would block it.
    timeout: 0,
    enableWAL: true,
    prepareDatabase: (database: Database) => {
      prepareSqlite(database);
      database.pragma(`cache_size = ${SQLITE_CACHE_SIZE}`);
    },
  }),
  // A standby may lag behind: what was just stored is read from the primary too.
  postgres: ({ replication, extra }) => ({
    ...replication?.master,
    replication: undefined,
    poolSize: POOL_SIZE,
    extra: {
      ...extra,
      max: POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
      onConnect: preparePostgres,
    },
  }),
  mysql: ({ replication, extra }) => ({
    ...replication?.master,
    replication: undefined,
    charset: 'utf8mb4',
    supportBigNumbers: true,
    bigNumberStrings: true,
    poolSize: POOL_SIZE,
    connectTimeout: CONNECT_TIMEOUT_MS,
    extra: { ...extra, connectionLimit: POOL_SIZE },
  }),
};
