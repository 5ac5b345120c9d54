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

/** A delivery row that is committed and leased to this process, for its event to be handed on. */
export interface TakenDelivery {
  /** Id of the listener. */
  readonly listener: string;
  /** Deliveries of a listener with the same key run one after the other. */
  readonly streamKey: string;
  readonly fence: number;
  /** Attempts that have been counted. */
  readonly attempts: number;
  /** Whether the attempt that comes next is among them. */
  readonly isCounted: boolean;
  /** Attempts that do not count any more, because a replay came after them. */
  readonly attemptsBefore: number;
  /** Whether processes have ended during several attempts: this delivery may be the reason. */
  readonly isSuspect: boolean;
}

/** Deliveries that were taken over, with their event. */
export interface ClaimedDelivery {
  readonly event: LiveEvent;
  readonly delivery: TakenDelivery;
}

/** A lease that is given back before its time. */
export interface ReleasedDelivery extends DeliveryLease {
  /** Whether the attempt that was counted last never began. */
  readonly isUnused: boolean;
}

/** Where deliveries are kept. The bus knows this much of the tables and no more. */
export abstract class DeliveryLedger {
  /**
   * Counts a further attempt before it runs, and prolongs the lease. False when the lease is lost or
   * the work is done.
   */
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

  /** Prolongs leases of this process. @returns those that it has lost */
  abstract renew(leases: readonly DeliveryLease[]): Promise<readonly DeliveryLease[]>;

  /** Takes over deliveries of these listeners that are due and that nobody holds, oldest first. */
  abstract claim(
    listeners: readonly string[],
    limit: number,
    isHeld: HoldsLease,
  ): Promise<ClaimResult>;

  /**
   * Takes over what is due of these lanes, and what has not been tried yet even before its time; oldest
   * first.
   */
  abstract claimLanes(
    lanes: readonly DeliveryLane[],
    limit: number,
    isHeld: HoldsLease,
  ): Promise<LaneClaim>;

  /** Where a delivery stands; null when there is none. */
  abstract standingOf(callbackId: string, listener: string): Promise<DeliveryStanding | null>;

  /** Gives leases back, so that another process may take them at once. */
  abstract release(leases: readonly ReleasedDelivery[]): Promise<void>;
}

/**
 * Whether the process that takes over holds a lease itself. The table may say that it ran out; it is then
 * to be renewed, for under another one the outcome of what runs would count for nothing.
 */
export type HoldsLease = (lease: DeliveryLease) => boolean;

/** What a sweep has taken over. */
export interface ClaimResult {
  readonly claimed: readonly ClaimedDelivery[];
  /** Whether more may be due. */
  readonly hasMore: boolean;
}

/** Deliveries of one listener that run one after the other. */
export interface DeliveryLane {
  readonly listener: string;
  readonly streamKey: string;
}

/** What was taken over of lanes. */
export interface LaneClaim {
  readonly claimed: readonly ClaimedDelivery[];
  /** Lanes that had something due of which nothing was taken: another process wanted it too. */
  readonly contested: readonly DeliveryLane[];
}

/** What the table says of a delivery. */
export interface DeliveryStanding {
  readonly streamKey: string;
  readonly state: 'pending' | 'done' | 'dead';
  /** Whether a process holds it. */
  readonly isHeld: boolean;
}

/** Thrown when a delivery has been taken over by another process, or completed. */
export class LeaseLostError extends Error {
  constructor() {
    super('the lease of the delivery was lost');
    this.name = 'LeaseLostError';
  }
}
