import type { JsonObject } from '../../src/index.js';

/** Digits of the time at which a callback was due: enough for decades of uptime. */
export const DUE_DIGITS = 15;
const MARK = 't=';
/** Where a request carries that time; as long as what CSS sends there in the samples. */
export const DUE_PLACE = MARK.padEnd(MARK.length + DUE_DIGITS, '0');

/** The monotonic clock of the system, µs: unlike `performance.now()`, processes share its origin. */
export function systemMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** How long ago the generator should have sent this callback, ms. */
export function msSinceDue(raw: JsonObject): number {
  const place = raw['stream_param'] as typeof DUE_PLACE;
  return (systemMicros() - Number(place.slice(MARK.length))) / 1000;
}
