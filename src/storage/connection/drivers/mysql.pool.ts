import type { Socket } from 'node:net';

import { closeWhenMute } from './mute-connection.js';

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
  readonly stream: Socket;
  /** What waits for its answer now. */
  readonly _command: object | null | undefined;
  query(sql: string, callback: (error: Error | null) => void): void;
  execute(
    sql: string,
    values: (string | number | Buffer | null)[],
    callback: (error: Error | null, rows: unknown) => void,
  ): void;
  release(): void;
  destroy(): void;
}

/**
 * What servers, their `init_connect` and old drivers preset for every connection, and statements depend on.
 * In another SQL mode quotes and backslashes are other letters (then what a stranger wrote is SQL), what is
 * too long is cut, and an UPDATE sees its own changes; with another completion type what follows a COMMIT
 * is in a transaction that nobody ends.
 */
const SESSION = [
  `SET NAMES utf8mb4, sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1,
    completion_type = 0, sql_safe_updates = 0, sql_big_selects = 1, unique_checks = 1, sql_auto_is_null = 0,
    sql_select_limit = 18446744073709551615, time_zone = '+00:00', default_storage_engine = InnoDB`,
  'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE',
];

const IDLE = new WeakMap<MysqlPool, Set<MysqlConnection>>();

/** Closes the connections of a pool prepared by {@link prepareMysqlPool} that nobody uses now. */
export function closeIdleConnections(pool: MysqlPool): void {
  for (const connection of IDLE.get(pool) ?? []) connection.destroy();
  IDLE.get(pool)?.clear();
}

/** Calls back when a connection ends, of a pool prepared by {@link prepareMysqlPool}. */
export function watchIdleConnections(pool: MysqlPool, lost: () => void): void {
  const watch = (connection: MysqlConnection) => connection.stream.once('close', lost);
  for (const connection of IDLE.get(pool) ?? []) watch(connection);
  pool.on('connection', watch);
}

/**
 * Keeps account of what is idle in a mysql2 pool, gives every statement a deadline, those of TypeORM too,
 * and each connection the settings of this module.
 *
 * @param more statements that set more
 */
export async function prepareMysqlPool(
  pool: MysqlPool,
  more: readonly string[] = [],
): Promise<void> {
  const prepare = (connection: MysqlConnection) => prepareWith(connection, [...SESSION, ...more]);
  const idle = new Set<MysqlConnection>();
  IDLE.set(pool, idle);
  pool.on('connection', prepare);
  pool.on('acquire', (connection) => idle.delete(connection));
  pool.on('release', (connection) => idle.add(connection));
  // TypeORM has opened one already, to try whether it can.
  const first = await new Promise<MysqlConnection>((resolve, reject) => {
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
  });
  prepare(first);
  first.release();
}

function prepareWith(connection: MysqlConnection, statements: readonly string[]): void {
  const { stream } = connection;
  const close = (error: Error) => {
    // The pool forgets the connection, and then its statements fail.
    connection.destroy();
    stream.destroy(error);
  };
  closeWhenMute(
    stream,
    // oxlint-disable-next-line no-underscore-dangle -- mysql2 tells it nowhere else
    () => Boolean(connection._command),
    close,
  );
  // Before any other: a connection sends its statements in the order in which they were asked for.
  for (const sql of statements) {
    connection.query(sql, (error) => {
      if (error) close(error);
    });
  }
}
