import { identityDigest } from '../events/payload/callback-digest.js';
import type { StreamIdentity } from '../events/stream-identity.js';
import type { NewDelivery } from './sql/callback.writer.js';

/** What decides on the delivery row of a listener. */
export interface DeliveryTarget {
  readonly id: string;
  readonly options: { readonly order: 'stream' | 'none'; readonly attempts: number };
}

/**
 * The delivery rows of a callback. Those of a stream share a key and reach a listener one after the
 * other; a listener without order gets a key of its own for each. The stream's key is made without
 * the APPID, which not every kind of the same stream carries.
 */
export function deliveriesOf(
  id: string,
  registration: string,
  { domain, path, name }: StreamIdentity,
  listeners: readonly DeliveryTarget[],
): NewDelivery[] {
  if (listeners.length === 0) return [];
  const key = identityDigest(registration, 'stream', [name, domain, path]);
  return listeners.map(({ id: listener, options }) => ({
    callbackId: id,
    listener,
    orderingKey: options.order === 'stream' ? key : id,
    // Where there is no second attempt, the first is counted when it begins, and not before.
    attempts: options.attempts > 1 ? 1 : 0,
  }));
}
