import { setTimeout as sleep } from 'node:timers/promises';

import { MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';

import { dialectOf, type Dialect } from '../connection/dialect.js';
import { missingFrom } from '../connection/environment/tables.js';

const LOCK_NAME = 'nestjs-live-callback:migrations';
/** Any fixed number serves: it names the advisory lock in PostgreSQL. */
const LOCK_NUMBER = 7_340_911_602;
const LOCK_TIMEOUT_SECONDS = 60;
const LOCK_PAUSE_MS = 50;

/**
 * Runs the pending migrations of the module's own DataSource, one node at a time. The lock belongs
 * to the database session, so that a node that dies while it migrates does not hold up the others.
 *
 * @returns names of tables that were gone although their migration had run; they are there again
 */
export async function runMigrationsLocked(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    await lock(runner);
    try {
      const executor = new MigrationExecutor(dataSource, runner);
      executor.transaction = 'none';
      await executor.executePendingMigrations();
      const gone = await missingFrom(runner);
      // Each may run again: they make what is not there.
      if (gone.length > 0)
        for (const migration of dataSource.migrations) await migration.up(runner);
      await unlock(runner, 'COMMIT');
      return gone;
    } catch (error) {
      await unlock(runner, 'ROLLBACK');
      throw error;
    }
  } finally {
    await runner.release();
  }
}

/** Takes the lock of the migrations, if nobody holds it. */
const TRY_LOCK: Record<Dialect, (runner: QueryRunner) => Promise<boolean>> = {
  async postgres(runner) {
    const [row] = (await runner.query('SELECT pg_try_advisory_xact_lock($1) AS locked', [
      LOCK_NUMBER,
    ])) as { locked: boolean }[];
    return row?.locked === true;
  },
  async mysql(runner) {
    const [row] = (await runner.query('SELECT GET_LOCK(?, 0) AS locked', [LOCK_NAME])) as {
      locked: unknown;
    }[];
    return Number(row?.locked) === 1;
  },
  sqlite: beginImmediate,
};

async function lock(runner: QueryRunner): Promise<void> {
  const dialect = dialectOf(runner.connection);
  if (dialect === 'postgres') await runner.query('BEGIN');
  await retryUntilLocked(() => TRY_LOCK[dialect](runner));
}

async function unlock(runner: QueryRunner, end: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  // MySQL commits each schema change by itself; there the lock is a name and not a transaction.
  const isMysql = dialectOf(runner.connection) === 'mysql';
  await runner.query(isMysql ? 'SELECT RELEASE_LOCK(?)' : end, isMysql ? [LOCK_NAME] : undefined);
}

/** Asks again and again, because a statement that waits would run into its own deadline. */
async function retryUntilLocked(tryLock: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LOCK_TIMEOUT_SECONDS * 1000;
  while (!(await tryLock())) {
    if (performance.now() > deadline) throw new Error('another node holds the migration lock');
    await sleep(LOCK_PAUSE_MS);
  }
}

async function beginImmediate(runner: QueryRunner): Promise<boolean> {
  try {
    await runner.query('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')) return false;
    throw error;
  }
}
