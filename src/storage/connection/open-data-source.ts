import type { DataSource } from 'typeorm';

import { dialectOf } from './dialect.js';
import { driverHandle } from './drivers/driver-handle.js';
import { prepareMysqlPool } from './drivers/mysql.pool.js';
import { preparePostgresPool } from './drivers/postgres.pool.js';
import { createModuleDataSource } from './module-data-source.js';

/**
 * Connects to the host's database as the module does, with its settings on each connection.
 *
 * @throws StorageSetupError for a database that cannot keep the promises, and what the driver throws
 */
export async function openModuleDataSource(host: DataSource): Promise<DataSource> {
  const dataSource = createModuleDataSource(host);
  try {
    await dataSource.initialize();
    const dialect = dialectOf(dataSource);
    if (dialect === 'mysql') await prepareMysqlPool(driverHandle.mysql(dataSource));
    if (dialect === 'postgres') await preparePostgresPool(driverHandle.postgres(dataSource));
    return dataSource;
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw error;
  }
}
