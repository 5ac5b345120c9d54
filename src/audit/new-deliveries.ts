import type { Listener } from '../bus/index.js';
import { identityDigest, type StreamIdentity } from '../events/index.js';
import type { NewDelivery } from './writers/callback.writer.js';

/**
 * The delivery rows of a callback. Those of a stream share a key and reach a listener one after the
 * other; a listener without order gets a key of its own for each. The stream's key is made without
 * the APPID, which not every kind of the same stream carries.
 */
export function deliveriesOf(
  id: string,
  { domain, path, name }: StreamIdentity,
  listeners: readonly Listener[],
): NewDelivery[] {
  if (listeners.length === 0) return [];
  const key = identityDigest('stream', [domain, path, name]);
  return listeners.map(({ id: listener, options }) => ({
    callbackId: id,
    listener,
    streamKey: options.order === 'stream' ? key : id,
    // Where there is no second attempt, the first is counted when it begins, and not before.
    attempts: options.attempts > 1 ? 1 : 0,
  }));
}
