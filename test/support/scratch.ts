import { rmSync } from 'node:fs';

import type { ModuleMetadata } from '@nestjs/common';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { onTestFinished } from './current-test.js';
import { startHost, startWith, type Host, type StartOptions } from './application.js';
import { createSqlite, type DatabaseCase } from './databases.js';

/*
 * What one test needs and no other: it goes when the test is over, the host before its database.
 */

/** A fresh database. */
export async function scratchDatabase(
  create: DatabaseCase['create'] = createSqlite,
): Promise<DataSourceOptions> {
  const database = await create();
  onTestFinished(() => database.drop());
  return database.options;
}

/** A connection beside those of the applications. */
export async function scratchConnection(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options).initialize();
  onTestFinished(() => dataSource.destroy());
  return dataSource;
}

/** A running host that imports the module with its own connection options. */
export async function scratchHost(
  start: Omit<StartOptions, 'database'> & { database?: DataSourceOptions } = {},
): Promise<Host> {
  const database = start.database ?? (await scratchDatabase());
  const host = await startHost({ ...start, database });
  onTestFinished(() => host.close());
  return host;
}

/** A running host with the given imports. */
export async function scratchHostWith(
  imports: NonNullable<ModuleMetadata['imports']>,
  start: Omit<StartOptions, 'database'> = {},
): Promise<Host> {
  const host = await startWith(imports, start);
  onTestFinished(() => host.close());
  return host;
}

/** The error that a start fails with; fails itself when the start succeeds. */
export async function errorOfStart(starting: Promise<Host>): Promise<Error> {
  let host: Host;
  try {
    host = await starting;
  } catch (error) {
    return error as Error;
  }
  await host.close();
  throw new Error('The application started');
}

/** Path of the file of a SQLite database. */
export function fileOf(options: DataSourceOptions): string {
  return String(options.database);
}

/** Removes the files of a SQLite database. */
export function removeFile(options: DataSourceOptions): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(fileOf(options) + suffix, { force: true });
}
