import Sqlite from 'better-sqlite3';
import type { DataSourceOptions } from 'typeorm';

import { onTestFinished } from './current-test.js';
import { DATABASES, type DatabaseCase } from './databases.js';
import { fileOf, scratchConnection, scratchDatabase } from './scratch.js';
import { startTcpProxy } from './tcp-proxy.js';

/** A database that a test can take away from its application, and give back. */
export interface FaultyDatabase {
  /** As the application reaches it. */
  readonly options: DataSourceOptions;
  begin(): Promise<void>;
  end(): Promise<void>;
  /** Asks it on a connection that the outage does not touch. */
  query<T>(sql: string): Promise<T[]>;
}

/** The ways in which a database can be away. */
export const OUTAGES = DATABASES.map(({ name, isAbsent, create }) => ({
  name: name === 'SQLite' ? 'SQLite, locked by another connection' : `${name}, out of reach`,
  isAbsent,
  create: () => (name === 'SQLite' ? lockedSqlite() : behindProxy(create)),
}));

async function operator(options: DataSourceOptions): Promise<FaultyDatabase['query']> {
  const dataSource = await scratchConnection(options);
  return (sql) => dataSource.query(sql);
}

async function lockedSqlite(): Promise<FaultyDatabase> {
  const options = await scratchDatabase();
  const locking = new Sqlite(fileOf(options));
  onTestFinished(() => void locking.close());
  return {
    options,
    begin: async () => void locking.exec('BEGIN IMMEDIATE'),
    end: async () => void locking.exec('ROLLBACK'),
    query: await operator(options),
  };
}

async function behindProxy(create: DatabaseCase['create']): Promise<FaultyDatabase> {
  const options = (await scratchDatabase(create)) as { host: string; port: number };
  const proxy = await startTcpProxy(options.host, options.port);
  onTestFinished(() => proxy.close());
  return {
    options: { ...options, host: '127.0.0.1', port: proxy.port } as DataSourceOptions,
    begin: () => proxy.cut(),
    end: () => proxy.restore(),
    query: await operator(options as DataSourceOptions),
  };
}
