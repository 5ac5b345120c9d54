import type { DeliveryOutcome } from '../storage/delivery.lease.js';

/** How an attempt has ended, for those who wait for it. */
export interface AttemptResult extends Pick<DeliveryOutcome, 'state' | 'error' | 'retryInMs'> {
  /** Whether it is the event that is at fault. */
  readonly isRefused?: boolean;
}

export const DONE: AttemptResult = { state: 'done', error: null, retryInMs: 0 };
export const DEAD = { state: 'dead', retryInMs: 0, isRefused: true } as const;
