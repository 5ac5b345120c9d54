import { Worker } from 'node:worker_threads';

import type { Database } from 'better-sqlite3';

import { ownRequire } from '../../../common/own-require.js';

/** Opens the same database. */
const OPEN = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { driver, file, nativeBinding, key } = workerData;
  const database = new (require(driver))(file, { fileMustExist: true, timeout: 0, nativeBinding });
  if (key) database.exec('PRAGMA key = ' + JSON.stringify(key));
`;

/** Options of a DataSource that the thread needs too. */
export interface SqliteThreadOptions {
  readonly nativeBinding?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Starts a thread with a connection of its own to a database that is open, for what must not keep the event
 * loop. It does not keep the process; listeners of it do, so `unref` comes after them.
 *
 * @param program JavaScript, since a bundler would not know of a file; knows `database` and `parentPort`
 * @returns undefined where the driver cannot be found: a second copy of SQLite in one process would break
 *   the locks of the first, so the thread takes that very file or none
 */
export function startSqliteThread(
  program: string,
  database: Database,
  { nativeBinding, key }: SqliteThreadOptions,
): Worker | undefined {
  const loaded = Object.values(ownRequire().cache);
  const driver = loaded.find((module) => module?.exports === database.constructor)?.filename;
  if (driver === undefined) return undefined;
  const workerData = { driver, file: database.name, nativeBinding, key };
  return new Worker(OPEN + program, { eval: true, workerData, execArgv: [] });
}
