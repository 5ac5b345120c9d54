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
  execute(
    sql: string,
    values: (string | number | null)[],
    callback: (error: Error | null, rows: unknown) => void,
  ): void;
  release(): void;
  destroy(): void;
}

const IDLE = new WeakMap<MysqlPool, Set<MysqlConnection>>();

/** Closes the connections of a pool prepared by {@link prepareMysqlPool} that nobody uses now. */
export function closeIdleConnections(pool: MysqlPool): void {
  for (const connection of IDLE.get(pool) ?? []) connection.destroy();
  IDLE.get(pool)?.clear();
}

/**
 * Keeps account of what is idle in a mysql2 pool, and gives every statement a deadline, those of
 * TypeORM too.
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
  const { stream } = connection;
  closeWhenMute(
    stream,
    // oxlint-disable-next-line no-underscore-dangle -- mysql2 tells it nowhere else
    () => Boolean(connection._command),
    (error) => {
      // The pool forgets the connection, and then its statements fail.
      connection.destroy();
      stream.destroy(error);
    },
  );
}
