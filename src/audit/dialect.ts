import type { DataSource, DataSourceOptions } from 'typeorm';

/** The families of databases that the module can write to. */
export type Dialect = 'sqlite' | 'postgres' | 'mysql';

const DIALECTS: Partial<Record<DataSourceOptions['type'], Dialect>> = {
  'better-sqlite3': 'sqlite',
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
};

/** Dialect of a DataSource, undefined for a database that the module does not support. */
export function dialectOfType(type: DataSourceOptions['type']): Dialect | undefined {
  return DIALECTS[type];
}

/** Dialect of a DataSource that was checked before. */
export function dialectOf(dataSource: DataSource): Dialect {
  return dialectOfType(dataSource.options.type) as Dialect;
}
