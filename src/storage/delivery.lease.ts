import { LiveCallbackError } from '../common/live-callback.error.js';
import type { LiveEvent } from '../events/live-event.js';

/** Deliveries of one listener that run one after the other. */
export interface OrderingKey {
  /** Id of the listener. */
  readonly listener: string;
  readonly orderingKey: string;
}

/** A delivery row that this process holds under a lease. */
export interface DeliveryLease {
  readonly callbackId: string;
  readonly listener: string;
  /** Rises with every claim, discard and replay; what happens under an older one counts for nothing. */
  readonly fence: number;
}

/** A lease, and whether it counts the attempt that comes next. */
export interface CountedLease extends DeliveryLease {
  /** What is given back before that attempt begins is counted no more. */
  readonly isCounted: boolean;
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

/** What this process knows of a lease that it has taken. */
export interface OwnLease {
  /** Name in the lease, of this registration in this process. */
  readonly owner: string;
  /** When it was asked for, by the clock of the process: it lasts no longer than from then. */
  readonly leasedAt: number;
}

/** A delivery row that is committed and leased to this process, for its event to be handed on. */
export interface LeasedDelivery extends CountedLease, OrderingKey, OwnLease {
  readonly listener: string;
  /** Attempts that have been counted. */
  readonly attempts: number;
  /** Attempts that do not count any more, because a replay came after them. */
  readonly attemptsBefore: number;
  /** Whether processes have ended during several attempts: this delivery may be the reason. */
  readonly isSuspect: boolean;
  /** Whether an attempt of it has failed, and said so. */
  readonly hasFailed: boolean;
}

/** A delivery that this process has just stored or taken over, with its event. */
export interface ClaimedDelivery {
  readonly event: LiveEvent;
  readonly delivery: LeasedDelivery;
}

/** What was taken over from the table. */
export interface Claim {
  readonly claimed: readonly ClaimedDelivery[];
  /** Ordering keys that had something due of which nothing was taken: another process wanted it too. */
  readonly contested: readonly OrderingKey[];
  /** Whether more may be due, of whatever key. */
  readonly hasMore: boolean;
}

/** What a process can take over. */
export interface ClaimRequest {
  /** How many deliveries of a listener there is room for. */
  roomOf(listener: string): number;
  /**
   * Whether the process holds a lease itself. The table may say that it ran out; it is then to be
   * renewed, for under another one the outcome of what runs would count for nothing.
   */
  holds(lease: DeliveryLease): boolean;
  /** Whether the first attempt of a listener is counted with its lease. */
  countsAhead(listener: string): boolean;
  /**
   * Told of what is taken over, a part at a time: what is stored meanwhile need not wait for the rest. No
   * ordering key is in two parts.
   *
   * @param cut {@link keyOf} of ordering keys of which more waits in the table than was taken
   */
  handOn(part: readonly ClaimedDelivery[], cut: ReadonlySet<string>): Promise<void>;
}

/** Thrown when a delivery has been taken over by another process, or completed. */
export class LeaseLostError extends LiveCallbackError {
  readonly code = 'lease-lost';

  constructor() {
    super(
      'The lease of the delivery was lost: another process has taken it over, or completed it.',
    );
  }
}

/** An ordering key as the key of a map. */
export function keyOf({ listener, orderingKey }: OrderingKey): string {
  return `${listener} ${orderingKey}`;
}

/** A delivery as the key of a map. */
export function deliveryOf({
  callbackId,
  listener,
}: Pick<DeliveryLease, 'callbackId' | 'listener'>): string {
  return `${callbackId} ${listener}`;
}
