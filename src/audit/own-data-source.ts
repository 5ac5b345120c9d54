import { DataSource, type DataSourceOptions } from 'typeorm';

import { isConnectionFault } from './connection-fault.js';
import { dialectOfType, type Dialect } from './dialect.js';
import { CONNECT_TIMEOUT_MS } from './drivers/deadlines.js';
import { StorageSetupError } from './storage.error.js';

/** Drivers wait long, or for ever, for a server that does not answer. A host may set its own. */
const BOUNDS: Record<Dialect, object> = {
  sqlite: {},
  postgres: { connectTimeoutMS: CONNECT_TIMEOUT_MS },
  mysql: { connectTimeout: CONNECT_TIMEOUT_MS },
};

/**
 * The DataSource of a host that has none: initialised, unless its database is away; then it is left
 * for the module to initialise once it answers.
 *
 * @throws StorageSetupError for what does not heal by itself, such as a wrong password
 */
export async function createOwnDataSource(options: DataSourceOptions): Promise<DataSource> {
  const dialect = dialectOfType(options.type);
  const dataSource = new DataSource({
    ...(dialect && BOUNDS[dialect]),
    ...options,
  });
  try {
    await dataSource.initialize();
  } catch (error) {
    if (isConnectionFault(error)) return dataSource;
    throw new StorageSetupError(
      `The database cannot be opened: ${error instanceof Error ? error.message : String(error)}. Check the option "database": address, user, password and name.`,
      { cause: error },
    );
  }
  return dataSource;
}
