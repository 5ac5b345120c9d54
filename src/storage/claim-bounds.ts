import { keyOf, type ClaimRequest } from './delivery.lease.js';
import type { LiveCallbackDelivery } from './entities/index.js';

/**
 * Deliveries of one ordering key that a process holds, at most. The others wait in the table, so that one
 * stream does not take the places of all.
 */
export const KEY_CAPACITY = 64;

/** One attempt without an outcome is what every waiting delivery of a dead process has. */
const SUSPICIOUS_ATTEMPTS = 2;

/** What a claim takes of what is due. */
export interface Cut {
  /** Ordering keys of which something due was left, as {@link keyOf} says them. */
  readonly cut: ReadonlySet<string>;
}

/**
 * What a process has room for, of rows that come oldest first. A delivery that has failed comes alone: it
 * may well fail again, and those behind it would only take up places.
 */
export function withinBounds(
  rows: readonly LiveCallbackDelivery[],
  { roomOf }: Pick<ClaimRequest, 'roomOf'>,
): Cut & { readonly rows: readonly LiveCallbackDelivery[] } {
  const rooms = new Map<string, number>();
  const taken = new Map<string, number>();
  const cut = new Set<string>();
  const kept = rows.filter((row) => {
    const key = keyOf(row);
    const room = rooms.get(row.listener) ?? roomOf(row.listener);
    const count = taken.get(key) ?? 0;
    if (cut.has(key) || room === 0 || count >= KEY_CAPACITY) {
      cut.add(key);
      return false;
    }
    rooms.set(row.listener, room - 1);
    taken.set(key, hasFailed(row) ? KEY_CAPACITY : count + 1);
    return true;
  });
  return { rows: kept, cut };
}

/** In parts of about so many rows, each with all rows of its ordering keys. */
export function partsOf(
  rows: readonly LiveCallbackDelivery[],
  size: number,
): LiveCallbackDelivery[][] {
  const keys = new Map<string, LiveCallbackDelivery[]>();
  for (const row of rows) {
    const ofKey = keys.get(keyOf(row));
    if (ofKey) ofKey.push(row);
    else keys.set(keyOf(row), [row]);
  }
  const parts: LiveCallbackDelivery[][] = [];
  for (const ofKey of keys.values()) {
    const last = parts.at(-1);
    if (last && last.length < size) last.push(...ofKey);
    else parts.push(ofKey);
  }
  return parts;
}

/** Whether several attempts were begun and the last has not ended: the delivery may have ended the process. */
export function isSuspect(row: LiveCallbackDelivery): boolean {
  // A recorded outcome sets the time of the next attempt, which the count of that one clears.
  return row.nextAttemptAt === null && triesOf(row) >= SUSPICIOUS_ATTEMPTS;
}

function hasFailed(row: LiveCallbackDelivery): boolean {
  return (row.nextAttemptAt !== null && triesOf(row) > 0) || triesOf(row) >= SUSPICIOUS_ATTEMPTS;
}

function triesOf({ attempts, attemptsBefore }: LiveCallbackDelivery): number {
  return attempts - attemptsBefore;
}
