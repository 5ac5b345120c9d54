import type { EntityManager } from 'typeorm';

import type { LiveEvent } from '../events/index.js';

/** A delivery row that this process holds under a lease. */
export interface DeliveryLease {
  readonly callbackId: string;
  readonly listener: string;
  /** Rises with every lease; what happens under an older one counts for nothing. */
  readonly fence: number;
}

/** What became of one attempt of one listener at one event. */
export interface DeliveryOutcome extends DeliveryLease {
  /** `pending`: the attempt failed, and the lease is kept for the next one. */
  readonly state: 'done' | 'dead' | 'pending';
  /** Message of the error, bounded; null on success. */
  readonly error: string | null;
  /** How long the listener ran, ms. */
  readonly durationMs: number;
  /** Pause before the next attempt, ms; 0 when there is none. */
  readonly retryInMs: number;
}

/** A delivery that was taken over, with its event. */
export interface ClaimedDelivery extends DeliveryLease {
  /** Its `attempt` is the one that was counted last. */
  readonly event: LiveEvent;
  readonly streamKey: string;
  /** Attempts that do not count any more, because a replay came after them. */
  readonly attemptsBefore: number;
}

/** A lease that is given back before its time. */
export interface ReleasedDelivery extends DeliveryLease {
  /** Whether the attempt that was counted last never began. */
  readonly isUnused: boolean;
}

/** Where deliveries are kept. The bus knows this much of the tables and no more. */
export abstract class DeliveryLedger {
  /** Counts a further attempt before it runs. False when the lease is lost or the work is done. */
  abstract begin(lease: DeliveryLease): Promise<boolean>;

  /** Resolves when the outcome is durable, however long that takes; later ones do not wait for it. */
  abstract settle(outcome: DeliveryOutcome): Promise<void>;

  /**
   * Runs work in a transaction that also completes the delivery.
   *
   * @throws LeaseLostError when the delivery is not this process's any more; nothing has happened then
   */
  abstract transact(
    lease: DeliveryLease,
    work: (manager: EntityManager) => Promise<void>,
  ): Promise<void>;

  /** Prolongs leases of this process. */
  abstract renew(leases: readonly DeliveryLease[]): Promise<void>;

  /** Takes over deliveries of these listeners that are due and that nobody holds, oldest first. */
  abstract claim(listeners: readonly string[], limit: number): Promise<readonly ClaimedDelivery[]>;

  /** Gives leases back, so that another process may take them at once. */
  abstract release(leases: readonly ReleasedDelivery[]): Promise<void>;
}

/** Thrown when a delivery has been taken over by another process, or completed. */
export class LeaseLostError extends Error {
  constructor() {
    super('the lease of the delivery was lost');
    this.name = 'LeaseLostError';
  }
}
