import type { DataSource } from 'typeorm';

import { StorageSetupError } from '../storage.error.js';

/** Whether a statement of the module does what it should in a database. */
export interface StatementVerdict {
  /** What the statement is for: `insert`, `claim`, … */
  readonly name: string;
  /** Why it does not; null when it does. */
  readonly error: Error | null;
}

/** Tries the statements of the module; see `proveStatements`. */
export type StatementProof = (dataSource: DataSource, now: string) => Promise<StatementVerdict[]>;

/** Whether no callback can be acknowledged without a statement. */
export const isForStoring = (name: string) => name === 'insert' || name === 'redelivery';

/** What to do about an error that stands for more than itself, by its code. */
const FIXES: readonly [RegExp, string][] = [
  [
    /^(42501|ER_(TABLE|COLUMN)ACCESS_DENIED_ERROR|SQLITE_READONLY.*)$/,
    'Give its user SELECT, INSERT, UPDATE and DELETE on the tables of nestjs-live-callback.',
  ],
  [
    /^(42P01|42703|ER_NO_SUCH_TABLE|ER_BAD_FIELD_ERROR|SQLITE_ERROR)$/,
    'Table or column are named otherwise than the DataSource says: run LIVE_CALLBACK_MIGRATIONS with its entityPrefix, schema and namingStrategy, or let the module do it (runMigrations: true).',
  ],
  [
    /^(26000|42P05)$/,
    'A pooler gives each transaction another connection: see "PgBouncer" in docs/hosts.md.',
  ],
];

/** What is wrong with the statements that failed, with the fix; undefined when none did. */
export function statementsError(
  verdicts: readonly StatementVerdict[],
): StorageSetupError | undefined {
  const failed = verdicts.filter(({ error }) => error !== null);
  if (failed.length === 0) return undefined;
  const list = failed.map(({ name, error }) => `${name} (${error!.message})`).join(', ');
  const fixes = new Set(failed.map(({ error }) => fixOf(error!)));
  return new StorageSetupError(
    `The database does not take these statements of nestjs-live-callback: ${list}. ${[...fixes].join(' ')}`,
    { cause: failed[0]!.error },
  );
}

/** What to do about an error of a statement. */
export function fixOf(error: Error): string {
  const { code } = error as { code?: unknown };
  const known = FIXES.find(([codes]) => codes.test(String(code)));
  return known?.[1] ?? 'See what it says; "live-callback doctor" tries every statement again.';
}
