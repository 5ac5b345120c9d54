import type { DataSource, DataSourceOptions } from 'typeorm';

import type { DatabaseType } from '../../options/database-types.js';

/** The families of databases that the module can write to. */
export type Dialect = 'sqlite' | 'postgres' | 'mysql';

const DIALECTS: Record<DatabaseType, Dialect> = {
  'better-sqlite3': 'sqlite',
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
};

/** The time of the database, Unix milliseconds: what nodes with different clocks agree on. */
export const NOW_MS: Record<Dialect, string> = {
  sqlite: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
  postgres: '(extract(epoch FROM statement_timestamp()) * 1000)::bigint',
  mysql: "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)",
};

/** An id as text, which every database can order and take the least of. */
export const ID_AS_TEXT: Record<Dialect, (column: string) => string> = {
  sqlite: (column) => column,
  postgres: (column) => `CAST(${column} AS text)`,
  mysql: (column) => column,
};

/** Dialect of a DataSource, undefined for a database that the module does not support. */
export function dialectOfType(type: DataSourceOptions['type']): Dialect | undefined {
  return (DIALECTS as Partial<Record<DataSourceOptions['type'], Dialect>>)[type];
}

/** Dialect of a DataSource that was checked before. */
export function dialectOf(dataSource: DataSource): Dialect {
  return dialectOfType(dataSource.options.type) as Dialect;
}
