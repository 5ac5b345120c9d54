import type { Database } from 'better-sqlite3';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';

import type { MysqlPool } from './mysql.pool.js';

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
