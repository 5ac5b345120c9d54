import { identityDigest, type StreamIdentity } from '../events/index.js';

/**
 * Events with the same key reach a listener one after the other. Without the APPID, which not every
 * kind of the same stream carries.
 */
export function streamKeyOf({ domain, path, name }: StreamIdentity): string {
  return identityDigest('stream', [domain, path, name]);
}
