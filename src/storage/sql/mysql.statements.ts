import type { CountedLease, DeliveryLease, DeliveryOutcome } from '../delivery.lease.js';
import type { MysqlConnection } from '../connection/drivers/mysql.pool.js';

const MAX_CHUNK = 64;
/** Lists of a statement are as long as a multiple of it: a power of two, for the arithmetic of `filledUp`. */
const STEP = 8;
/** Text that several rows of a statement may have, bytes: below what servers take in one packet. */
export const STATEMENT_BYTES = 524_288;
/** Of a character of a body in UTF-8, at most. */
const CHARACTER_BYTES = 3;

/** A value that a statement takes. */
export type Value = string | number | Buffer | null;

/** Placeholders of a list. */
export function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

/**
 * Slices of few different lengths, less than a step or a multiple of it: for each length every connection
 * prepares a statement.
 *
 * @param lengthOf characters of an item that may be long
 */
export function chunksOf<T>(items: readonly T[], lengthOf: (item: T) => number = () => 0): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length;) {
    let size = inSteps(Math.min(items.length - start, MAX_CHUNK));
    while (size > 1 && isLong(items.slice(start, start + size), lengthOf)) size = inSteps(size / 2);
    chunks.push(items.slice(start, start + size));
    start += size;
  }
  return chunks;
}

function inSteps(size: number): number {
  return size < STEP ? Math.floor(size) : Math.floor(size / STEP) * STEP;
}

/** What a condition lists, with its last item again up to the next step, which changes nothing. */
export function filledUp<T>(items: readonly T[]): readonly T[] {
  const missing = -items.length & (STEP - 1);
  return missing === 0 ? items : [...items, ...Array<T>(missing).fill(items.at(-1) as T)];
}

function isLong<T>(items: readonly T[], lengthOf: (item: T) => number): boolean {
  return items.reduce((sum, item) => sum + lengthOf(item), 0) * CHARACTER_BYTES > STATEMENT_BYTES;
}

/** Leases in the order of their rows: transactions that take row locks in different orders deadlock. */
export function inRowOrder<T extends DeliveryLease>(leases: readonly T[]): T[] {
  const rowOf = ({ callbackId, listener }: T) => `${callbackId} ${listener}`;
  return leases.toSorted((a, b) => (rowOf(a) < rowOf(b) ? -1 : 1));
}

/** Chunks of leases that count no attempt, then of those that count one. */
export function countedChunks<T extends CountedLease>(leases: readonly T[]): [0 | 1, T[]][] {
  return ([0, 1] as const).flatMap((counted) => {
    const alike = leases.filter(({ isCounted }) => Number(isCounted) === counted);
    return chunksOf(inRowOrder(alike)).map((chunk): [0 | 1, T[]] => [counted, chunk]);
  });
}

/** A table whose rows are found by their keys: left alone the optimizer reads, and locks, all of a small one. */
export function byKey(table: string): string {
  return `${table} FORCE INDEX (PRIMARY)`;
}

/** Condition that names leases by key and fence. */
export function heldIn(leases: readonly DeliveryLease[]): string {
  // Not as tuples: with a single one the optimizer passes over the primary key.
  const one = '(callback_id = ? AND listener = ? AND fence = ?)';
  return `(${filledUp(leases)
    .map(() => one)
    .join(' OR ')})`;
}

/** Values of {@link heldIn}. */
export function leaseValues(leases: readonly DeliveryLease[]): Value[] {
  return filledUp(leases).flatMap(({ callbackId, listener, fence }) => [
    callbackId,
    listener,
    fence,
  ]);
}

/** Outcomes that one statement can record. */
export function groupsOf(outcomes: readonly DeliveryOutcome[]): DeliveryOutcome[][] {
  const groups = new Map<string, DeliveryOutcome[]>();
  for (const outcome of outcomes) {
    const { state, error, durationMs, retryInMs } = outcome;
    const key = JSON.stringify([state, error, durationMs, retryInMs]);
    const group = groups.get(key);
    if (group) group.push(outcome);
    else groups.set(key, [outcome]);
  }
  return [...groups.values()];
}

/**
 * Runs a prepared statement.
 *
 * @throws the driver's error, or an Error when the database does not answer in time
 */
export function run<T>(connection: MysqlConnection, sql: string, values: Value[]): Promise<T> {
  return new Promise((resolve, reject) => {
    connection.execute(sql, values, (error, rows) => {
      if (error) reject(error);
      else resolve(rows as T);
    });
  });
}
