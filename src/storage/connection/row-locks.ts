import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

import { dialectOf } from './dialect.js';

/**
 * Has a query lock the rows that it finds, until the end of its transaction. SQLite has no locks of rows;
 * there the transactions of the module begin with the only write lock.
 *
 * @param whenHeld what to do about rows that another transaction holds
 */
export function lockRows<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  whenHeld: 'wait' | 'skip',
): SelectQueryBuilder<T> {
  if (dialectOf(query.connection) === 'sqlite') return query;
  query.setLock('pessimistic_write');
  return whenHeld === 'skip' ? query.setOnLocked('skip_locked') : query;
}
