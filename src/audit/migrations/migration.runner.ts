import { setTimeout as sleep } from 'node:timers/promises';

import { MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';

import { dialectOf } from '../dialect.js';

const LOCK_NAME = 'nestjs-live-callback:migrations';
/** Any fixed number serves: it names the advisory lock in PostgreSQL. */
const LOCK_NUMBER = 7_340_911_602;
const LOCK_TIMEOUT_SECONDS = 60;

/**
 * Runs the pending migrations of the module's own DataSource, one node at a time. The lock belongs
 * to the database session, so that a node that dies while it migrates does not hold up the others.
 */
export async function runMigrationsLocked(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    await lock(runner);
    try {
      const executor = new MigrationExecutor(dataSource, runner);
      executor.transaction = 'none';
      await executor.executePendingMigrations();
      await unlock(runner, 'COMMIT');
    } catch (error) {
      await unlock(runner, 'ROLLBACK');
      throw error;
    }
  } finally {
    await runner.release();
  }
}

async function lock(runner: QueryRunner): Promise<void> {
  switch (dialectOf(runner.connection)) {
    case 'postgres':
      await runner.query('BEGIN');
      await runner.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT_SECONDS}s'`);
      await runner.query('SELECT pg_advisory_xact_lock($1)', [LOCK_NUMBER]);
      return;
    case 'mysql': {
      const [row] = (await runner.query('SELECT GET_LOCK(?, ?) AS locked', [
        LOCK_NAME,
        LOCK_TIMEOUT_SECONDS,
      ])) as { locked: unknown }[];
      if (Number(row?.locked) !== 1) throw new Error('another node holds the migration lock');
      return;
    }
    case 'sqlite':
      return beginImmediate(runner);
  }
}

async function unlock(runner: QueryRunner, end: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  // MySQL commits each schema change by itself; there the lock is a name and not a transaction.
  const isMysql = dialectOf(runner.connection) === 'mysql';
  await runner.query(isMysql ? 'SELECT RELEASE_LOCK(?)' : end, isMysql ? [LOCK_NAME] : undefined);
}

/** Waits from the event loop: SQLite itself would wait by blocking it. */
async function beginImmediate(runner: QueryRunner): Promise<void> {
  const deadline = performance.now() + LOCK_TIMEOUT_SECONDS * 1000;
  for (;;) {
    try {
      await runner.query('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      const isBusy = String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY');
      if (!isBusy || performance.now() > deadline) throw error;
      await sleep(20);
    }
  }
}
