import { DataSource, type DataSourceOptions } from 'typeorm';

/** The database servers that tests use. */
export const POSTGRES = {
  type: 'postgres',
  host: process.env['PGHOST'] ?? '127.0.0.1',
  port: Number(process.env['PGPORT'] ?? 5432),
  username: process.env['PGUSER'] ?? 'postgres',
  password: process.env['PGPASSWORD'] ?? '',
} as const;

export const MYSQL = {
  type: 'mariadb',
  host: process.env['MYSQL_HOST'] ?? '127.0.0.1',
  port: Number(process.env['MYSQL_PORT'] ?? 3306),
  username: process.env['MYSQL_USER'] ?? 'root',
  password: process.env['MYSQL_PASSWORD'] ?? '',
} as const;

/** Runs statements on a connection of its own. */
export async function onServer(options: DataSourceOptions, ...statements: string[]): Promise<void> {
  const dataSource = await new DataSource(options).initialize();
  try {
    for (const sql of statements) await dataSource.query(sql);
  } finally {
    await dataSource.destroy();
  }
}
