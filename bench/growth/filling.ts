/** A table that was filled: what the questions have to know of it. Times are Unix milliseconds. */
export interface Filling {
  readonly rows: number;
  /** When the newest callback was received. */
  readonly newestAt: number;
}

/**
 * A table grows because days pass: callbacks arrive at the same rate at every size, and more rows
 * mean more days. So the same question has the same answer to give, out of more.
 */
export const ROWS_PER_DAY = 10_000;
export const STREAMS_PER_DAY = 20;
/** Time between two callbacks, ms. */
export const STEP_MS = 86_400_000 / ROWS_PER_DAY;
/** The newest are so old, in days, that a purge may take any. */
export const AGE_DAYS = 10;
/** The newest deliveries wait for an attempt that is not due yet. */
export const PENDING = 50;
export const LISTENER = 'listener-1';

/** A stream of the last day, one of twenty. */
export function lastStream({ rows }: Filling): string {
  return `room-${Math.floor((rows - 1) / ROWS_PER_DAY)}-3`;
}
