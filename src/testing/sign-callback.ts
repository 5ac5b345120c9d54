import { createHash } from 'node:crypto';

/** How to sign. */
export interface SignCallbackOptions {
  /** The callback key. */
  key: string;
  /** Unix seconds at which the signature expires. Default: 600 seconds from now, as CSS does. */
  t?: number;
  /** The current time, Unix milliseconds. Default: `Date.now`. */
  clock?: () => number;
}

/** A request as CSS would send it. */
export interface SignedCallback {
  readonly method: 'POST';
  readonly headers: { readonly 'content-type': 'application/json' };
  /** JSON text with `t` and `sign`. */
  readonly body: string;
  /** The same as an object. */
  readonly payload: Record<string, unknown>;
}

/** How long CSS lets a signature live, seconds. */
const LIFETIME_SECONDS = 600;

/** `MD5(key + t)`, lower-case hex. */
export function signatureOf(key: string, t: number | string): string {
  return createHash('md5').update(`${key}${t}`).digest('hex');
}

/**
 * Signs a callback: `t` and `sign` that it has are replaced.
 *
 * @example
 * ```ts
 * await fetch(`${url}/live-callback`, signCallback(streamPushCallback(), { key }));
 * ```
 */
export function signCallback(
  callback: object,
  { key, clock = Date.now, t = Math.floor(clock() / 1000) + LIFETIME_SECONDS }: SignCallbackOptions,
): SignedCallback {
  const payload = { ...callback, t, sign: signatureOf(key, t) };
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
    payload,
  };
}
