import { setTimeout as sleep } from 'node:timers/promises';

import type { DataSource, QueryRunner } from 'typeorm';

import { STATEMENT_TIMEOUT_MS } from './drivers/deadlines.js';

const BUSY_PAUSE_MS = 10;
const DEADLOCK_TRIES = 10;
/** InnoDB ends one of two transactions that wait for each other; it is to be tried again. */
const DEADLOCK_ERRNOS: ReadonlySet<unknown> = new Set([1205, 1213]);

/**
 * Does work again that the database refused only because others are at work there: while another
 * connection holds the write lock of SQLite, and after a deadlock in MySQL or MariaDB. The event loop
 * goes on meanwhile. The work must leave nothing behind when it fails.
 *
 * @throws what the work throws, a busy SQLite after 4 seconds and a deadlock after ten of them
 */
export async function retryOnContention<T>(work: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + STATEMENT_TIMEOUT_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (isBusy(error) && performance.now() < deadline) await sleep(BUSY_PAUSE_MS);
      else if (isDeadlock(error) && attempt < DEADLOCK_TRIES)
        await sleep(Math.random() * BUSY_PAUSE_MS * attempt);
      else throw error;
    }
  }
}

/**
 * Has each statement that goes through TypeORM on a DataSource retried so, whoever sends it. Those of a
 * transaction are not: only the whole of it can be done again.
 */
export function retryStatements({ driver }: DataSource): void {
  // TypeORM has one runner for all of SQLite, and hands it out again and again.
  const known = new WeakSet<QueryRunner>();
  const create = driver.createQueryRunner.bind(driver);
  driver.createQueryRunner = (mode) => {
    const runner = create(mode);
    if (!known.has(runner)) retryStatementsOf(runner);
    known.add(runner);
    return runner;
  };
}

function retryStatementsOf(runner: QueryRunner): void {
  const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
  Object.assign(runner, {
    query: (...args: unknown[]) =>
      runner.isTransactionActive ? query(...args) : retryOnContention(() => query(...args)),
  });
}

/** Whether an error only says that others are at work there. */
export function isContention(error: unknown): boolean {
  return isBusy(error) || isDeadlock(error);
}

function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown } | null)?.code).startsWith('SQLITE_BUSY');
}

function isDeadlock(error: unknown): boolean {
  return DEADLOCK_ERRNOS.has((error as { errno?: unknown } | null)?.errno);
}
