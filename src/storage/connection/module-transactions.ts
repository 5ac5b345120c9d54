import type { EntityManager } from 'typeorm';

/** What is to be done in one transaction. May be done again from its beginning. */
export type TransactionWork<T> = (manager: EntityManager) => Promise<T>;

/** Runs what the module writes through TypeORM in several statements that belong together. */
export interface ModuleTransactions {
  /**
   * Commits when the work resolves and leaves nothing behind when it rejects. Isolated as READ
   * COMMITTED, where the database can.
   */
  run<T>(work: TransactionWork<T>): Promise<T>;

  /** Ends what it runs beside the DataSource of the module, after the transactions that were begun. */
  close(): Promise<void>;
}
