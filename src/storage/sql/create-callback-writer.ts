import type { Pool } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';

import { columnNames } from '../connection/column-names.js';
import { dialectOf, type Dialect } from '../connection/dialect.js';
import type { CallbackWriter } from './callback.writer.js';
import type { MysqlConnection } from '../connection/drivers/mysql.pool.js';
import { MysqlSessionWithin } from './mysql.sessions.js';
import { MysqlWriter } from './mysql.writer.js';
import { PostgresWriter } from './postgres.writer.js';
import { SqliteWriter } from './sqlite.writer.js';

const WRITERS: Record<Dialect, new (dataSource: DataSource, now: string) => CallbackWriter> = {
  sqlite: SqliteWriter,
  postgres: PostgresWriter,
  mysql: MysqlWriter,
};

/**
 * The writer for an initialised DataSource of the module.
 *
 * @param now the time of the database as an expression
 */
export function createCallbackWriter(dataSource: DataSource, now: string): CallbackWriter {
  return new WRITERS[dialectOf(dataSource)](dataSource, now);
}

/**
 * A writer whose statements run on the connection of a runner, in the transaction that is open there.
 *
 * @param now the time of the database as an expression
 */
export async function createWriterWithin(
  runner: QueryRunner,
  now: string,
): Promise<CallbackWriter> {
  const dataSource = runner.connection;
  const connection: unknown = await runner.connect();
  const dialect = dialectOf(dataSource);
  if (dialect === 'sqlite') return new SqliteWriter(dataSource, now);
  if (dialect === 'postgres') return new PostgresWriter(dataSource, now, connection as Pool);
  const sessions = new MysqlSessionWithin(connection as MysqlConnection, columnNames(dataSource));
  return new MysqlWriter(dataSource, now, sessions);
}
