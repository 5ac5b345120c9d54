import type { LiveEvent } from '../events/live-event.js';
import type { CountedLease, LeasedDelivery, OrderingKey } from '../storage/delivery.lease.js';
import type { Listener } from './listeners/listener.registry.js';
import type { ListenerRun } from './listeners/listener.run.js';

/** A stored event on its way to one listener, which this process holds under a lease. */
export class HeldDelivery implements OrderingKey {
  readonly callbackId: string;
  readonly listener: string;
  readonly orderingKey: string;
  readonly attemptsBefore: number;
  /** As it was stored or taken over; null once the delivery is dropped. */
  event: LiveEvent | null;
  fence: number;
  attempts: number;
  isCounted: boolean;
  isSuspect: boolean;
  readonly hasFailed: boolean;
  /** Another process has it now. */
  isLost = false;
  run: ListenerRun | undefined;
  /** Resolves when the latest outcome is in the table. */
  recorded: Promise<void> | undefined;

  /** When the lease was last asked for, by the clock of the process. */
  leasedAt: number;

  constructor(
    readonly to: Listener,
    event: LiveEvent,
    taken: LeasedDelivery,
  ) {
    this.event = event;
    this.callbackId = taken.callbackId;
    this.listener = taken.listener;
    this.orderingKey = taken.orderingKey;
    this.attemptsBefore = taken.attemptsBefore;
    this.fence = taken.fence;
    this.attempts = taken.attempts;
    this.isCounted = taken.isCounted;
    this.isSuspect = taken.isSuspect;
    this.hasFailed = taken.hasFailed;
    this.leasedAt = taken.leasedAt;
  }

  get lease(): CountedLease {
    const { callbackId, listener, fence, isCounted } = this;
    return { callbackId, listener, fence, isCounted };
  }

  /** Whether an attempt was made before this process took it over, and it is not known how it ended. */
  get isResumed(): boolean {
    return !this.isCounted && this.attempts > this.attemptsBefore;
  }

  /** Whether no attempt at it was ever seen to end. */
  get isDeadly(): boolean {
    return this.isSuspect && !this.hasFailed;
  }

  /** Goes on under another lease, after its own had run out. */
  renewAs({ fence, attempts, leasedAt }: LeasedDelivery): void {
    Object.assign(this, { fence, attempts, leasedAt, isLost: false });
  }

  /**
   * Lets go of the event and its run. What has once been in a map may stay reachable until the whole heap
   * is collected: a map that has grown or shrunk keeps its former tables.
   */
  forget(): void {
    this.event = null;
    this.run = undefined;
  }
}
