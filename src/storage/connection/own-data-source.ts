import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { DataSource, type DataSourceOptions } from 'typeorm';

import { makePrivate } from '../../common/private-file.js';
import { isConnectionFault } from './connection-fault.js';
import { dialectOfType, type Dialect } from './dialect.js';
import { CONNECT_TIMEOUT_MS } from './drivers/deadlines.js';
import { StorageSetupError } from '../storage.error.js';

interface Replication {
  readonly master: object;
}

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
  const { replication, ...others } = options as DataSourceOptions & { replication?: Replication };
  const dataSource = new DataSource({
    ...(dialect && BOUNDS[dialect]),
    ...others,
    // What it is for reads at the master too, and TypeORM does not start while a replica is away.
    ...replication?.master,
  } as DataSourceOptions);
  try {
    if (dialect === 'sqlite') makeFile(options as SqliteOptions);
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

type SqliteOptions = Extract<DataSourceOptions, { type: 'better-sqlite3' }>;

/** A file that is not there is made for its owner alone: bodies are personal. SQLite gives its log the same mode. */
function makeFile({ database, fileMustExist }: SqliteOptions): void {
  if (!database || database === ':memory:' || fileMustExist || existsSync(database)) return;
  mkdirSync(dirname(database), { recursive: true });
  makePrivate(database);
}
