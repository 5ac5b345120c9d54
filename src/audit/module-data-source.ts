import type { Database } from 'better-sqlite3';
import type { ClientBase, Pool } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { dialectOfType, type Dialect } from './dialect.js';
import { LIVE_CALLBACK_ENTITIES } from './entities/index.js';
import { LIVE_CALLBACK_MIGRATIONS } from './migrations/index.js';
import { StorageSetupError } from './storage.error.js';

/** Connections that the module opens beside the host's; SQLite has one. */
const POOL_SIZE = 4;
/** A database that does not answer in this time counts as away, ms. */
export const CONNECT_TIMEOUT_MS = 3_000;
/** Below 5 s, so that a statement on a connection that died does not outlast the recovery. */
const QUERY_TIMEOUT_MS = 4_000;

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

/**
 * Makes commits of a SQLite connection survive a power loss.
 *
 * @throws StorageSetupError when the setting is not kept
 */
export function prepareSqlite(database: Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  const synchronous = database.pragma('synchronous', { simple: true });
  if (synchronous !== 2) {
    throw new StorageSetupError(
      `SQLite answers synchronous=${String(synchronous)} after it was set to FULL (2); callbacks would not survive a power loss.`,
    );
  }
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
    prepareDatabase: prepareSqlite,
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
      query_timeout: QUERY_TIMEOUT_MS,
      statement_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      // Roles and databases may have it off; an acknowledged callback must have reached the disk.
      onConnect: (client: ClientBase) => {
        // On its way from one user to the next a client has no listener, and the end of its
        // connection would be the end of the process. Who uses it learns of it from the query.
        client.on('error', () => {});
        // A plan that was made on small tables must not read large ones from end to end.
        return client.query('SET synchronous_commit = on; SET enable_seqscan = off');
      },
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

/** The driver's own handle under an initialised DataSource: the hot path works on it directly. */
export const driverHandle: {
  sqlite(dataSource: DataSource): Database;
  postgres(dataSource: DataSource): Pool;
  mysql(dataSource: DataSource): MysqlPool;
} = {
  sqlite: (dataSource: DataSource) =>
    (dataSource.driver as unknown as { databaseConnection: Database }).databaseConnection,
  postgres: (dataSource: DataSource) => (dataSource.driver as unknown as { master: Pool }).master,
  mysql: (dataSource: DataSource) => (dataSource.driver as unknown as { pool: MysqlPool }).pool,
};

const IDLE = new WeakMap<MysqlPool, Set<MysqlConnection>>();

/** Closes the connections of a pool prepared by {@link prepareMysqlPool} that nobody uses now. */
export function closeIdleConnections(pool: MysqlPool): void {
  for (const connection of IDLE.get(pool) ?? []) connection.destroy();
  IDLE.get(pool)?.clear();
}

/**
 * Keeps account of what is idle in a mysql2 pool, and gives every statement a deadline, those of
 * TypeORM too: a connection that has gone mute would otherwise stay in use for ever, and a few of
 * them are the whole pool.
 */
export async function prepareMysqlPool(pool: MysqlPool): Promise<void> {
  const idle = new Set<MysqlConnection>();
  IDLE.set(pool, idle);
  pool.on('connection', boundStatements);
  pool.on('acquire', (connection) => idle.delete(connection));
  pool.on('release', (connection) => idle.add(connection));
  // TypeORM has opened one already, to try whether it can.
  const first = await new Promise<MysqlConnection>((resolve, reject) => {
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
  });
  boundStatements(first);
  first.release();
}

function boundStatements(connection: MysqlConnection): void {
  const query = connection.query.bind(connection);
  connection.query = (...args: unknown[]) => {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return query(...args);
    let isOver = false;
    const end = (...results: unknown[]) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      (callback as (...results: unknown[]) => void)(...results);
    };
    const timer = setTimeout(() => {
      connection.destroy();
      end(new Error(`The database did not answer within ${STATEMENT_TIMEOUT_MS} ms`));
    }, STATEMENT_TIMEOUT_MS);
    return query(...args.slice(0, -1), end);
  };
}

/** The part of a mysql2 pool that the module uses, in its callback form. */
export interface MysqlPool {
  on(
    event: 'connection' | 'acquire' | 'release',
    listener: (connection: MysqlConnection) => void,
  ): void;
  getConnection(callback: (error: Error | null, connection: MysqlConnection) => void): void;
}

/** The part of a mysql2 connection that the module uses. */
export interface MysqlConnection {
  query(...args: unknown[]): unknown;
  execute(
    sql: string,
    values: (string | number | null)[],
    callback: (error: Error | null, rows: unknown) => void,
  ): void;
  release(): void;
  destroy(): void;
}

/** Deadline of one statement, ms. */
export const STATEMENT_TIMEOUT_MS = QUERY_TIMEOUT_MS;
