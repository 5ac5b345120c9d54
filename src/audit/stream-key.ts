import type { Listener } from '../bus/index.js';
import { identityDigest, type StreamIdentity } from '../events/index.js';
import type { NewDelivery } from './writers/callback.writer.js';

/**
 * Events with the same key reach a listener one after the other. Without the APPID, which not every
 * kind of the same stream carries.
 */
export function streamKeyOf({ domain, path, name }: StreamIdentity): string {
  return identityDigest('stream', [domain, path, name]);
}

/** The delivery rows of a callback; a listener without order gets a key of its own for each. */
export function deliveriesOf(
  id: string,
  stream: StreamIdentity,
  listeners: readonly Listener[],
): NewDelivery[] {
  if (listeners.length === 0) return [];
  const key = streamKeyOf(stream);
  return listeners.map(({ id: listener, options }) => ({
    listener,
    streamKey: options.order === 'stream' ? key : id,
  }));
}
