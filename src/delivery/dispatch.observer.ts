import type { OrderingKey } from '../storage/delivery.lease.js';
import type { AttemptResult } from './attempt.result.js';
import type { HeldDelivery } from './held-delivery.js';

/** Told what becomes of the deliveries that this process holds. */
export interface DispatchObserver {
  taken?(delivery: HeldDelivery): void;
  /** Comes when the outcome is recorded. */
  attempted?(delivery: HeldDelivery, result: AttemptResult): void;
  /** It is not held any more: done, dead, lost or given back. */
  dropped?(delivery: HeldDelivery): void;
  /** They go back to the table: not begun, or failed and to be tried again. */
  givenBack?(deliveries: readonly HeldDelivery[]): void;
  /** Nothing of a key is held any more. @param hasMore whether some of it waits in the table */
  emptied?(key: OrderingKey, hasMore: boolean): void;
}
