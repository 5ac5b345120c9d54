import type { JsonValue } from './payload/payload.js';

/** Largest number that fits the integer column of every database. */
const MAX_INTEGER = 2 ** 31 - 1;

/** `event_type` as a number, where it is one; old and drifted bodies write it as text. */
export function eventTypeOf(value: JsonValue | undefined): number | null {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) return null;
  return Math.abs(number) <= MAX_INTEGER ? number : null;
}
