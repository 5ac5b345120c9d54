import { Injectable, Logger } from '@nestjs/common';

import type { LiveEvent } from '../events/index.js';
import { emitSignal } from '../live-callback.signals.js';
import {
  DeliveryLedger,
  type DeliveryLease,
  type DeliveryOutcome,
  type ReleasedDelivery,
} from './delivery.ledger.js';
import { errorText } from './error-text.js';
import { backoffAfter } from './listener.options.js';
import { ListenerQueue } from './listener.queue.js';
import { ListenerRegistry, type Listener } from './listener.registry.js';
import { ListenerRunner } from './listener.runner.js';
import { LiveEventBus } from './live-event.bus.js';
import { NonRetryableError } from './non-retryable.error.js';

/** Deliveries of one listener that a process holds; the table keeps the others until there is room. */
const CAPACITY = 2_000;
/** Age at which a lease may have run out, ms: nothing starts under it without asking the table. */
const LEASE_AGE_MS = 7_000;
/** Age at which a lease is prolonged, ms: well below its length. */
const RENEW_AFTER_MS = 2_500;

/** The delivery rows of an event that this process holds. */
export interface Dispatch {
  /** Ids of the listeners. */
  readonly listeners: readonly string[];
  /** Events with the same key reach a listener one after the other. */
  readonly streamKey: string;
  /** Fence of the leases. */
  readonly fence: number;
  /** Whether the attempt of the event has been counted already. */
  readonly isCounted: boolean;
  /** Attempts that do not count any more, because a replay came after them. */
  readonly attemptsBefore?: number;
}

/** A stored event on its way to one listener. */
interface Delivery extends DeliveryLease {
  fence: number;
  leasedAt: number;
  event: LiveEvent;
  isCounted: boolean;
  readonly to: Listener;
  readonly attemptsBefore: number;
}

/** Hands stored events to durable listeners: in order, retried, with every outcome recorded. */
@Injectable()
export class LiveEventDispatcher {
  private readonly logger = new Logger('LiveCallback');
  private readonly queues = new Map<string, ListenerQueue<Delivery>>();
  /** What is held: waiting, running, or being recorded. */
  private readonly held = new Map<string, Delivery>();
  private readonly heldBy = new Map<string, number>();
  /** Leases that came to a listener without room. */
  private surplus: ReleasedDelivery[] = [];
  /** Outcomes on their way into the table. */
  private recording = 0;
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly registry: ListenerRegistry,
    private readonly ledger: DeliveryLedger,
    private readonly runner: ListenerRunner,
    private readonly bus: LiveEventBus,
  ) {}

  /** How many more deliveries of a listener this process should take. */
  roomOf(listener: string): number {
    return Math.max(0, CAPACITY - (this.heldBy.get(listener) ?? 0));
  }

  /** Whether any listener has room: one that is stuck must not hold up its neighbours. */
  get hasRoom(): boolean {
    return this.registry.ids.some((id) => this.roomOf(id) > 0);
  }

  /** Tells the observers of a newly stored event. */
  announce(event: LiveEvent): void {
    this.bus.emit(event);
  }

  /** Takes an event whose delivery rows are committed and leased to this process. */
  dispatch(event: LiveEvent, how: Dispatch): void {
    for (const id of how.listeners) {
      const to = this.registry.get(id);
      const key = `${event.id} ${id}`;
      const known = this.held.get(key);
      if (known) known.fence = how.fence; // its lease had run out; the run goes on under the new one
      if (!to || known) continue;
      if (this.roomOf(id) === 0) {
        this.giveBack({
          callbackId: event.id,
          listener: id,
          fence: how.fence,
          isUnused: how.isCounted,
        });
        continue;
      }
      const delivery: Delivery = {
        event,
        to,
        callbackId: event.id,
        listener: id,
        fence: how.fence,
        leasedAt: performance.now(),
        isCounted: how.isCounted,
        attemptsBefore: how.attemptsBefore ?? 0,
      };
      this.held.set(key, delivery);
      this.heldBy.set(id, (this.heldBy.get(id) ?? 0) + 1);
      this.queueOf(to).push(to.options.order === 'stream' ? how.streamKey : event.id, delivery);
    }
  }

  /** Without a lease the later events of its lane stay in the table too, until there is room. */
  private giveBack(lease: ReleasedDelivery): void {
    this.surplus.push(lease);
    if (this.surplus.length > 1) return;
    setImmediate(() => {
      const leases = this.surplus;
      this.surplus = [];
      this.ledger.release(leases).catch((error: unknown) => {
        // They run out by themselves.
        this.logger.error(`Deliveries could not be given back: ${errorText(error)}`);
      });
    });
  }

  /** Prolongs the leases that are held for some time. */
  async renew(): Promise<void> {
    const now = performance.now();
    const aged = [...this.held.values()].filter((it) => now - it.leasedAt > RENEW_AFTER_MS);
    if (aged.length === 0) return;
    await this.ledger.renew(aged.map(leaseOf));
    for (const delivery of aged) delivery.leasedAt = now;
  }

  /** Resolves when no listener runs, every outcome is recorded, and only later attempts are open. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  private get isIdle(): boolean {
    return this.recording === 0 && [...this.queues.values()].every((queue) => queue.isIdle);
  }

  /** Starts nothing more, and gives back what has not begun. */
  async stop(): Promise<void> {
    const waiting = [...this.queues.values()].flatMap((queue) => queue.stop());
    for (const delivery of waiting) this.drop(delivery);
    await this.ledger.release(
      waiting.map((delivery) => ({ ...leaseOf(delivery), isUnused: delivery.isCounted })),
    );
  }

  /** Tells the runs that are still going on that the application stops. */
  abort(): void {
    this.runner.abort();
  }

  private queueOf(listener: Listener): ListenerQueue<Delivery> {
    let queue = this.queues.get(listener.id);
    if (!queue) {
      queue = new ListenerQueue((it) => this.attempt(it), listener.options.concurrency);
      this.queues.set(listener.id, queue);
    }
    return queue;
  }

  /** @returns the pause before the next attempt; null when there is none */
  private async attempt(delivery: Delivery): Promise<number | null> {
    const { to, attemptsBefore } = delivery;
    const isOld = performance.now() - delivery.leasedAt > LEASE_AGE_MS;
    if ((isOld || !delivery.isCounted) && !(await this.begin(delivery))) return null;
    delivery.isCounted = false;
    const tries = delivery.event.attempt - attemptsBefore;
    if (tries > to.options.attempts) {
      // Counted before it ran, and nobody saw it end: the process did, or the host was cut off.
      this.settle(delivery, 'dead', 'The process ended during each attempt', 0, 0);
      return null;
    }
    const startedAt = performance.now();
    const durationMs = () => Math.round(performance.now() - startedAt);
    try {
      const isRecorded = await this.runner.run(to, delivery.event, leaseOf(delivery));
      if (isRecorded) this.finish(delivery, durationMs());
      else this.settle(delivery, 'done', null, durationMs(), 0);
      return null;
    } catch (thrown) {
      return this.fail(delivery, thrown, tries, durationMs());
    }
  }

  /** Counts a further attempt. False when the delivery is not this process's any more. */
  private async begin(delivery: Delivery): Promise<boolean> {
    if (await this.ledger.begin(leaseOf(delivery))) {
      delivery.event = Object.freeze({ ...delivery.event, attempt: delivery.event.attempt + 1 });
      return true;
    }
    this.drop(delivery);
    return false;
  }

  private fail(
    delivery: Delivery,
    thrown: unknown,
    tries: number,
    durationMs: number,
  ): number | null {
    const { event, listener, to } = delivery;
    const error = errorText(thrown);
    const isDead = thrown instanceof NonRetryableError || tries >= to.options.attempts;
    const retryInMs = isDead ? 0 : backoffAfter(tries, to.options);
    const next = isDead ? 'it is a dead letter now' : `next attempt in ${retryInMs} ms`;
    this.logger.error(
      `Listener ${listener} failed on ${event.kind} ${event.id} (attempt ${event.attempt}); ${next}: ${error}`,
    );
    this.settle(delivery, isDead ? 'dead' : 'pending', error, durationMs, retryInMs);
    return isDead ? null : retryInMs;
  }

  /** The next event of the stream need not wait for the record of this one. */
  private settle(
    delivery: Delivery,
    state: DeliveryOutcome['state'],
    error: string | null,
    durationMs: number,
    retryInMs: number,
  ): void {
    const { id, kind, attempt } = delivery.event;
    const { listener } = delivery;
    const recorded = this.ledger.settle({
      ...leaseOf(delivery),
      state,
      error,
      durationMs,
      retryInMs,
    });
    if (error !== null) emitSignal('failed', () => ({ id, kind, listener, attempt, error }));
    if (state === 'dead') {
      emitSignal('dead', () => ({ id, kind, listener, attempt, error: error ?? '' }));
    }
    if (state === 'done') this.signalDelivered(delivery, durationMs);
    this.recording++;
    void this.closeWhen(recorded, delivery, state);
  }

  private async closeWhen(
    recorded: Promise<void>,
    delivery: Delivery,
    state: DeliveryOutcome['state'],
  ): Promise<void> {
    await recorded;
    this.recording--;
    if (state === 'pending') this.tellIfIdle();
    else this.drop(delivery);
  }

  /** A transactional listener has recorded its outcome itself. */
  private finish(delivery: Delivery, durationMs: number): void {
    this.signalDelivered(delivery, durationMs);
    this.drop(delivery);
  }

  private signalDelivered({ event, listener }: Delivery, durationMs: number): void {
    const { id, kind, attempt } = event;
    emitSignal('delivered', () => ({ id, kind, listener, attempt, durationMs }));
  }

  private drop({ callbackId, listener }: DeliveryLease): void {
    if (this.held.delete(`${callbackId} ${listener}`)) {
      this.heldBy.set(listener, (this.heldBy.get(listener) ?? 1) - 1);
    }
    this.tellIfIdle();
  }

  private tellIfIdle(): void {
    if (this.idleWaiters.length === 0) return;
    // Later, when the queue has taken note that the run has ended.
    setImmediate(() => {
      if (!this.isIdle) return;
      for (const resolve of this.idleWaiters.splice(0)) resolve();
    });
  }
}

function leaseOf({ callbackId, listener, fence }: DeliveryLease): DeliveryLease {
  return { callbackId, listener, fence };
}
