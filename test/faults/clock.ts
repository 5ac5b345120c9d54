/** Milliseconds of the machine's monotonic clock: what different processes on it agree on. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
