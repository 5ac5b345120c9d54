import { STATEMENT_TIMEOUT_MS } from './deadlines.js';

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
