import { signatureOf } from '../testing/sign-callback.js';
import { requestFaultsOf, type SignaturePair } from './faults/request.faults.js';
import type { CallbackRequest } from './http.poster.js';
import type { OutgoingCallback } from './outgoing.callback.js';

/** How long CSS lets a signature live, seconds. */
const LIFETIME_SECONDS = 600;

/**
 * The request of a callback: signed, in the shape that CSS gives it, with the named faults.
 *
 * @param signedAt Unix milliseconds
 */
export function requestOf(
  { kind, fields, url, key }: OutgoingCallback,
  signedAt: number,
  faultNames: readonly string[] = [],
): CallbackRequest {
  const faults = requestFaultsOf(faultNames);
  let content = fields;
  for (const fault of faults) content = fault.fields?.(content, kind) ?? content;
  if (key !== null) {
    const t = Math.floor(signedAt / 1000) + LIFETIME_SECONDS;
    let pair: SignaturePair = { t, sign: signatureOf(key, t) };
    for (const fault of faults) pair = fault.pair?.(pair, key) ?? pair;
    content = { ...content, ...pair };
  }
  let body = JSON.stringify(content);
  for (const fault of faults) body = fault.body?.(body) ?? body;
  const contentType = faults.find((fault) => fault.contentType)?.contentType;
  return {
    url,
    headers: {
      'content-type': contentType ?? 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    },
    body,
  };
}
