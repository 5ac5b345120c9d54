import type { DataSource } from 'typeorm';

import { retryOnContention } from './contention.js';
import type { ModuleTransactions, TransactionWork } from './module-transactions.js';

/** InnoDB cannot write such a change to a binary log that keeps statements. */
const NEEDS_ROWS_IN_LOG = 1665;

/** Transactions on a connection of the pool: PostgreSQL, MySQL and MariaDB. */
export class PooledTransactions implements ModuleTransactions {
  /**
   * InnoDB locks what it has read; under its default REPEATABLE READ also the gaps between rows, and on
   * a small table, which it reads from end to end, the place where new callbacks go.
   */
  private isolation: 'READ COMMITTED' | 'REPEATABLE READ' = 'READ COMMITTED';

  constructor(private readonly dataSource: DataSource) {}

  async run<T>(work: TransactionWork<T>): Promise<T> {
    try {
      return await this.transact(work);
    } catch (error) {
      if ((error as { errno?: unknown } | null)?.errno !== NEEDS_ROWS_IN_LOG) throw error;
      this.isolation = 'REPEATABLE READ';
      return this.transact(work);
    }
  }

  private transact<T>(work: TransactionWork<T>): Promise<T> {
    return retryOnContention(() => this.dataSource.transaction(this.isolation, work));
  }

  /** The DataSource closes its pool. */
  async close(): Promise<void> {}
}
