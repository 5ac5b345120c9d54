import type { Database } from 'better-sqlite3';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { dialectOfType, type Dialect } from './dialect.js';
import { CONNECT_TIMEOUT_MS } from './drivers/deadlines.js';
import { POSTGRES_TYPES, watchPostgres } from './drivers/postgres.connection.js';
import { prepareSqlite } from './drivers/sqlite.connection.js';
import { inheritedOptions, migrationsTableOf } from './inherited.options.js';
import { LIVE_CALLBACK_ENTITIES } from '../entities/index.js';
import { LIVE_CALLBACK_MIGRATIONS } from '../migrations/index.js';
import { StorageSetupError } from '../storage.error.js';

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
export function createModuleDataSource(host: DataSource, poolSize = POOL_SIZE): DataSource {
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
  const inherited = inheritedOptions(host, dialect);
  return new DataSource({
    ...inherited,
    ...OWN[dialect](inherited.extra, poolSize),
    entities: [...LIVE_CALLBACK_ENTITIES],
    migrations: [...LIVE_CALLBACK_MIGRATIONS],
    migrationsTableName: migrationsTableOf(host.options),
  } as unknown as DataSourceOptions);
}

function isInMemory(database: unknown): boolean {
  return database === undefined || database === '' || database === ':memory:';
}

/** @param extra options of the driver that come from the host */
const OWN: Record<Dialect, (extra: object, poolSize: number) => object> = {
  sqlite: () => ({
    // A busy database is retried from the event loop; waiting inside SQLite would block it.
    timeout: 0,
    enableWAL: true,
    prepareDatabase: (database: Database) => {
      prepareSqlite(database);
      database.pragma(`cache_size = ${SQLITE_CACHE_SIZE}`);
    },
  }),
  postgres: (extra, poolSize) => ({
    installExtensions: false,
    poolSize,
    extra: {
      ...extra,
      max: poolSize,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      types: POSTGRES_TYPES,
      // Settings come later: see `preparePostgresPool`.
      verify: watchPostgres,
    },
  }),
  mysql: (extra, poolSize) => ({
    // TypeORM 0.3 prefers the older driver where both are installed.
    connectorPackage: 'mysql2',
    charset: 'utf8mb4',
    supportBigNumbers: true,
    bigNumberStrings: true,
    poolSize,
    connectTimeout: CONNECT_TIMEOUT_MS,
    extra: { ...extra, connectionLimit: poolSize },
  }),
};
