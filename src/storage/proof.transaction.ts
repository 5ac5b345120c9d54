import type { DataSource, QueryRunner } from 'typeorm';

import type { CallbackDatabase } from './connection/callback.database.js';
import { isConnectionFault } from './connection/connection-fault.js';
import { isContention } from './connection/contention.js';
import { dialectOf } from './connection/dialect.js';
import type { CallbackWriter } from './sql/callback.writer.js';

/**
 * Runs a proof in a transaction that is rolled back.
 *
 * @returns why it failed; null when it did not
 * @throws the database's error when it is away
 */
export async function failureOf(
  runner: QueryRunner,
  prove: () => Promise<boolean>,
): Promise<Error | null> {
  const isSqlite = dialectOf(runner.connection) === 'sqlite';
  try {
    await (isSqlite ? runner.query('BEGIN IMMEDIATE') : runner.startTransaction());
    try {
      return verdictOf(await prove());
    } finally {
      // One that fails has lost its transaction already.
      await (isSqlite ? runner.query('ROLLBACK') : runner.rollbackTransaction()).catch(() => {});
    }
  } catch (error) {
    return asVerdict(error);
  }
}

/** {@link failureOf} within the transaction of another proof, of which it leaves nothing either. */
export async function failureWithin(
  runner: QueryRunner,
  prove: () => Promise<boolean>,
): Promise<Error | null> {
  try {
    await runner.query('SAVEPOINT proof');
    try {
      return verdictOf(await prove());
    } finally {
      // One that fails may have lost the connection.
      await runner.query('ROLLBACK TO SAVEPOINT proof').catch(() => {});
    }
  } catch (error) {
    return asVerdict(error);
  }
}

function verdictOf(didWhatItShould: boolean): Error | null {
  return didWhatItShould ? null : new Error('it did not do what it should');
}

function asVerdict(error: unknown): Error {
  if (isConnectionFault(error) || isContention(error)) throw error;
  return error as Error;
}

/** What stores take for the database, within the transaction of a runner. @param now the time of the database as an expression */
export function databaseWithin(
  runner: QueryRunner,
  now: string,
  writer?: CallbackWriter,
): CallbackDatabase {
  const { manager } = runner;
  const database: Partial<CallbackDatabase> = {
    manager,
    now,
    ...(writer && { writer }),
    transaction: (work) => work(manager),
    // Of what asks, a manager has the same methods.
    read: (work) => work(manager as unknown as DataSource),
  };
  return database as CallbackDatabase;
}
