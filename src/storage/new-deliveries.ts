import { identityDigest } from '../events/payload/callback-digest.js';
import type { StreamIdentity } from '../events/stream-identity.js';
import type { NewDelivery } from './sql/callback.writer.js';

/** What decides on the delivery row of a listener. */
export interface DeliveryTarget {
  readonly id: string;
  readonly options: { readonly order: 'stream' | 'none'; readonly attempts: number };
}

/**
 * Whether the first attempt is counted with the lease under which it waits: when it begins, that takes a
 * statement of its own. Not where there is no second one, which a process that ends meanwhile would use up.
 */
export function isCountedAhead(
  options: Pick<DeliveryTarget['options'], 'attempts'> | undefined,
): boolean {
  return options !== undefined && options.attempts > 1;
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
    attempts: isCountedAhead(options) ? 1 : 0,
  }));
}
