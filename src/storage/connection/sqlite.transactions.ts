import type { DataSource, DataSourceOptions } from 'typeorm';

import { SerialQueue } from '../../common/serial.queue.js';
import { retryOnContention } from './contention.js';
import { driverHandle } from './drivers/driver-handle.js';
import { SqliteCheckpointer } from './drivers/sqlite.checkpointer.js';
import type { ModuleTransactions, TransactionWork } from './module-transactions.js';

/** Pages that the connection keeps in memory, in the notation of SQLite: 4 MiB. */
const CACHE_SIZE = -4_096;

type SqliteOptions = Extract<DataSourceOptions, { type: 'better-sqlite3' }>;

/** The connection of the transactions. */
interface Session {
  readonly dataSource: DataSource;
  readonly checkpointer: SqliteCheckpointer;
}

/**
 * Transactions on a SQLite connection of their own, one after the other.
 *
 * Their own, because TypeORM waits between its statements, and on one connection all that runs meanwhile
 * is part of the open transaction: the insert of a callback, acknowledged when it seems to be committed,
 * and undone by a rollback that concerns something else; likewise the outcome of a listener. On another
 * connection it finds the write lock taken, and waits for the end of the transaction.
 */
export class SqliteTransactions implements ModuleTransactions {
  private readonly turns = new SerialQueue();
  private session: Session | undefined;

  /** @param create makes a DataSource of the module, not initialised */
  constructor(private readonly create: () => DataSource) {}

  run<T>(work: TransactionWork<T>): Promise<T> {
    return this.turns.run(async () => {
      this.session ??= await open(this.create());
      const { dataSource, checkpointer } = this.session;
      const result = await retryOnContention(() => inTransaction(dataSource, work));
      checkpointer.afterCommit();
      return result;
    });
  }

  close(): Promise<void> {
    return this.turns.run(async () => {
      await this.session?.checkpointer.close();
      await this.session?.dataSource.destroy();
      this.session = undefined;
    });
  }
}

async function open(dataSource: DataSource): Promise<Session> {
  await dataSource.initialize();
  const database = driverHandle.sqlite(dataSource);
  database.pragma(`cache_size = ${CACHE_SIZE}`);
  const options = dataSource.options as SqliteOptions;
  return { dataSource, checkpointer: new SqliteCheckpointer(database, options) };
}

async function inTransaction<T>(dataSource: DataSource, work: TransactionWork<T>): Promise<T> {
  const runner = dataSource.createQueryRunner();
  // With the write lock from the beginning: one that has read first may not write once others have.
  await runner.query('BEGIN IMMEDIATE');
  try {
    const result = await work(runner.manager);
    await runner.query('COMMIT');
    return result;
  } catch (error) {
    // Some errors, such as that of a full disk, have ended it already.
    if (driverHandle.sqlite(dataSource).inTransaction) await runner.query('ROLLBACK');
    throw error;
  }
}
