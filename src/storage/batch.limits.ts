/** Bounds of a queue. */
export interface BatchLimits {
  /** Items of one batch, at most. */
  readonly items: number;
  /** Weight of one batch, at most; an item alone may weigh more. */
  readonly weight: number;
  /** Items that wait, at most; more are refused at once. */
  readonly waiting: number;
  /** Weight of all that waits, at most. */
  readonly waitingWeight: number;
  /** How long the next batch gathers, at least, once one is sent, ms; the first one is sent at once. */
  readonly paceMs: number;
  /** So many are sent without waiting for more. */
  readonly enough: number;
  /** How long an item may wait for its result, ms. */
  readonly deadlineMs: number;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Bounds for callbacks, by the length of their bodies. A batch costs about as much as the callbacks in it,
 * so a database with a fast disk must not be asked for one per callback; with what is enough, the share
 * of each is small already.
 */
export const CALLBACK_BATCHES: BatchLimits = {
  items: 256,
  weight: 4 * MEBIBYTE,
  waiting: 10_000,
  waitingWeight: 64 * MEBIBYTE,
  paceMs: 5,
  enough: 32,
  // The sender waits 20 s; answering well before lets it come again in an orderly way.
  deadlineMs: 7_000,
};
