import type { DeliveryLease, DeliveryOutcome } from '../../bus/index.js';
import type { MysqlConnection } from '../drivers/mysql.pool.js';

const MAX_CHUNK = 64;

/** A value that a statement takes. */
export type Value = string | number | null;

/** Placeholders of a list. */
export function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

/**
 * Slices whose lengths are powers of two, so that few distinct statements have to be prepared.
 * Prepared they are, because escaping in the client depends on the server's `sql_mode`.
 */
export function chunksOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let start = 0, size = MAX_CHUNK; start < items.length;) {
    while (size > items.length - start) size /= 2;
    chunks.push(items.slice(start, start + size));
    start += size;
  }
  return chunks;
}

/** Condition that names leases by key and fence. */
export function heldIn(leases: readonly DeliveryLease[]): string {
  // Not as tuples: with a single one the optimizer passes over the primary key.
  const one = '(callback_id = ? AND listener = ? AND fence = ?)';
  return `(${leases.map(() => one).join(' OR ')})`;
}

/** Values of {@link heldIn}. */
export function leaseValues(leases: readonly DeliveryLease[]): Value[] {
  return leases.flatMap(({ callbackId, listener, fence }) => [callbackId, listener, fence]);
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
