import type { StoredCallback } from './callback.store.js';
import type { LeasedDelivery, OwnLease } from './delivery.lease.js';
import type { InsertResult, NewCallback, NewDelivery } from './sql/callback.writer.js';

/** Of a callback that had been stored before. */
export const KNOWN: StoredCallback = {
  outcome: 'known',
  conflicting: false,
  leased: [],
  waiting: [],
};
/** Fence of the lease that the insert takes. */
const FIRST_FENCE = 1;

/** What the database made of a callback, as those hear of it who stored it. @param lease what its rows say */
export function storedAs(
  { deliveries }: NewCallback,
  result: InsertResult,
  lease: OwnLease,
): StoredCallback {
  if (!result.isNew) return KNOWN;
  const { conflicting, leased } = result;
  return {
    outcome: 'new',
    conflicting,
    leased: leased.map((it) => toLeased(it, lease)),
    waiting:
      leased.length === deliveries.length ? [] : deliveries.filter((it) => !leased.includes(it)),
  };
}

function toLeased(
  { callbackId, listener, orderingKey, attempts }: NewDelivery,
  lease: OwnLease,
): LeasedDelivery {
  return {
    callbackId,
    listener,
    orderingKey,
    ...lease,
    fence: FIRST_FENCE,
    attempts,
    isCounted: attempts === 1,
    attemptsBefore: 0,
    isSuspect: false,
    hasFailed: false,
  };
}
