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

const WRITERS_WITHIN: Record<
  Dialect,
  (dataSource: DataSource, now: string, connection: unknown) => CallbackWriter
> = {
  sqlite: (dataSource, now) => new SqliteWriter(dataSource, now),
  postgres: (dataSource, now, connection) =>
    new PostgresWriter(dataSource, now, connection as Pool),
  mysql: (dataSource, now, connection) =>
    new MysqlWriter(
      dataSource,
      now,
      new MysqlSessionWithin(connection as MysqlConnection, columnNames(dataSource)),
    ),
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
  return WRITERS_WITHIN[dialectOf(dataSource)](dataSource, now, connection);
}
