import type { JsonObject } from '../../events/payload/payload.js';
import { CallbackRefusedError } from '../refusals/refusal.js';

/**
 * The pair of a payload, in the only form that is taken.
 *
 * @throws CallbackRefusedError
 */
export function pairOf(payload: JsonObject): { readonly t: string; readonly sign: string } {
  return { t: expiryOf(payload), sign: signOf(payload) };
}

/**
 * The digits of `t`, exactly ten: that alone defeats length extension, whose padding is never
 * digits only, and the confusion of keys that end in digits.
 */
function expiryOf(payload: JsonObject): string {
  if (!Object.hasOwn(payload, 't')) throw new CallbackRefusedError('t-missing');
  const { t } = payload;
  const digits = typeof t === 'number' && Number.isSafeInteger(t) ? String(t) : t;
  if (typeof digits !== 'string' || !/^[1-9]\d{9}$/.test(digits)) {
    throw new CallbackRefusedError('t-malformed');
  }
  return digits;
}

function signOf(payload: JsonObject): string {
  if (!Object.hasOwn(payload, 'sign')) throw new CallbackRefusedError('sign-missing');
  const { sign } = payload;
  if (typeof sign !== 'string' || !/^[0-9a-f]{32}$/.test(sign)) {
    throw new CallbackRefusedError('sign-malformed');
  }
  return sign;
}
