import type { DataSource } from 'typeorm';

import { dialectOf, type Dialect } from '../dialect.js';
import type { CallbackWriter } from './callback.writer.js';
import { MysqlWriter } from './mysql.writer.js';
import { PostgresWriter } from './postgres.writer.js';
import { SqliteWriter } from './sqlite.writer.js';

const WRITERS: Record<Dialect, new (dataSource: DataSource) => CallbackWriter> = {
  sqlite: SqliteWriter,
  postgres: PostgresWriter,
  mysql: MysqlWriter,
};

/** The writer for an initialised DataSource of the module. */
export function createCallbackWriter(dataSource: DataSource): CallbackWriter {
  return new WRITERS[dialectOf(dataSource)](dataSource);
}
