import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, Logger } from '@nestjs/common';

import type { LiveEvent } from '../events/index.js';
import { emitSignal } from '../live-callback.signals.js';
import {
  DeliveryLedger,
  type DeliveryLane,
  type DeliveryLease,
  type DeliveryOutcome,
  type TakenDelivery,
} from './delivery.ledger.js';
import { errorText } from './error-text.js';
import { backoffAfter } from './listener.options.js';
import { ListenerQueue } from './listener.queue.js';
import { ListenerRegistry, type Listener } from './listener.registry.js';
import { ListenerRun } from './listener.run.js';
import { ListenerRunner } from './listener.runner.js';
import { LiveEventBus } from './live-event.bus.js';
import { isNonRetryable } from './non-retryable.error.js';
import { Sequence } from './sequence.js';

/** Deliveries of one listener that a process holds; the table keeps the others until there is room. */
const CAPACITY = 2_000;
/** Age at which a lease may have run out, ms: nothing starts under it without asking the table. */
const LEASE_AGE_MS = 7_000;
/** Age at which a lease is prolonged, ms: well below its length. */
const RENEW_AFTER_MS = 2_500;

/** The longest that a suspect waits for others, ms: a listener may take an hour. */
const SUSPECT_WAIT_MS = 5_000;

/** A delivery that this process holds. */
export interface HeldDelivery {
  readonly callbackId: string;
  readonly lane: DeliveryLane;
}

/** How an attempt has ended, and the listener's error. */
export interface AttemptResult {
  readonly state: DeliveryOutcome['state'];
  readonly error: string | null;
}

/** Told what becomes of the deliveries that this process holds. */
export interface DispatchObserver {
  taken(delivery: HeldDelivery): void;
  /** Comes when the outcome is recorded. */
  attempted(delivery: HeldDelivery, result: AttemptResult): void;
  /** It is not held any more: done, dead, lost or given back. */
  dropped(delivery: HeldDelivery): void;
}

/** A stored event on its way to one listener. */
interface Delivery extends DeliveryLease, HeldDelivery {
  fence: number;
  leasedAt: number;
  /** As it was stored or taken over; null once the delivery is dropped. */
  event: LiveEvent | null;
  attempts: number;
  isCounted: boolean;
  isSuspect: boolean;
  /** Another process has it now. */
  isLost: boolean;
  readonly to: Listener;
  readonly attemptsBefore: number;
  run: ListenerRun | undefined;
  /** Resolves when the latest outcome is in the table. */
  recorded: Promise<void> | undefined;
}

/** Hands stored events to durable listeners: in order, retried, with every outcome recorded. */
@Injectable()
export class LiveEventDispatcher {
  private readonly logger = new Logger('LiveCallback');
  private readonly queues = new Map<string, ListenerQueue<Delivery>>();
  /** What is held by listener and callback: waiting, running, or being recorded. */
  private readonly held = new Map<string, Map<string, Delivery>>();
  private readonly handOvers = new Sequence();
  private readonly suspects = new Sequence();
  /** Runs of what was attempted before. */
  private readonly resumed = new Set<Promise<number | null>>();
  /** Outcomes on their way into the table. */
  private recording = 0;
  private isStopped = false;
  private observer: DispatchObserver | undefined;
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly registry: ListenerRegistry,
    private readonly ledger: DeliveryLedger,
    private readonly runner: ListenerRunner,
    private readonly bus: LiveEventBus,
  ) {}

  /** How many more deliveries of a listener this process should take. */
  roomOf(listener: string): number {
    return Math.max(0, CAPACITY - (this.held.get(listener)?.size ?? 0));
  }

  /** Whether this process holds a delivery. */
  holds({ callbackId, listener }: Pick<DeliveryLease, 'callbackId' | 'listener'>): boolean {
    return this.held.get(listener)?.has(callbackId) === true;
  }

  /** Whether this process holds a delivery under just this lease. */
  holdsLease({ callbackId, listener, fence }: DeliveryLease): boolean {
    return this.held.get(listener)?.get(callbackId)?.fence === fence;
  }

  observe(observer: DispatchObserver): void {
    this.observer = observer;
  }

  /**
   * Runs a step that hands deliveries on, after all that were asked for before. Whoever takes leases
   * hands on in this sequence: otherwise a later event of a stream, stored while an earlier one is
   * being taken over, would reach its listener first.
   */
  inOrder<T>(step: () => Promise<T>): Promise<T> {
    return this.handOvers.run(step);
  }

  /** Tells the observers of a newly stored event. */
  announce(event: LiveEvent): void {
    this.bus.emit(event);
  }

  /** Takes an event whose delivery rows are committed and leased to this process. */
  dispatch(event: LiveEvent, deliveries: readonly TakenDelivery[]): void {
    for (const taken of deliveries) {
      const { listener, streamKey, fence, attempts } = taken;
      const to = this.registry.get(listener);
      if (!to) continue;
      const held = this.heldFor(listener);
      const known = held.get(event.id);
      if (known) {
        // Its lease had run out; it goes on, or waits, under the new one.
        Object.assign(known, { fence, attempts, isLost: false });
        continue;
      }
      const delivery: Delivery = {
        callbackId: event.id,
        listener,
        lane: { listener, streamKey },
        to,
        event,
        fence,
        leasedAt: performance.now(),
        attempts,
        attemptsBefore: taken.attemptsBefore,
        isCounted: taken.isCounted,
        isSuspect: taken.isSuspect,
        isLost: false,
        run: undefined,
        recorded: undefined,
      };
      held.set(event.id, delivery);
      this.observer?.taken(delivery);
      this.queueOf(to).push(streamKey, delivery);
    }
  }

  /** Prolongs the leases that are held for some time. */
  async renew(): Promise<void> {
    const now = performance.now();
    const aged = this.allHeld().filter((it) => now - it.leasedAt > RENEW_AFTER_MS);
    if (aged.length === 0) return;
    const lost = await this.ledger.renew(aged.map(leaseOf));
    for (const delivery of aged) delivery.leasedAt = now;
    for (const { callbackId, listener, fence } of lost) {
      const delivery = this.held.get(listener)?.get(callbackId);
      if (delivery?.fence !== fence) continue;
      delivery.isLost = true;
      delivery.run?.abort();
    }
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
    this.isStopped = true;
    const waiting = [...this.queues.values()].flatMap((queue) => queue.stop());
    for (const delivery of waiting) this.drop(delivery);
    await this.ledger.release(
      waiting.map((delivery) => ({ ...leaseOf(delivery), isUnused: delivery.isCounted })),
    );
  }

  /** Tells the runs that are still going on that the application stops. */
  abort(): void {
    for (const { run } of this.allHeld()) run?.abort();
  }

  private heldFor(listener: string): Map<string, Delivery> {
    let held = this.held.get(listener);
    if (!held) this.held.set(listener, (held = new Map()));
    return held;
  }

  private allHeld(): Delivery[] {
    return [...this.held.values()].flatMap((held) => [...held.values()]);
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
  private attempt(delivery: Delivery): Promise<number | null> {
    if (delivery.isSuspect) return this.suspects.run(() => this.attemptAlone(delivery));
    const isResumed = !delivery.isCounted && delivery.attempts > delivery.attemptsBefore;
    const run = this.attemptNow(delivery);
    return isResumed ? this.resume(run) : run;
  }

  /** Keeps what a process has left behind once in sight while it runs. */
  private async resume(run: Promise<number | null>): Promise<number | null> {
    this.resumed.add(run);
    try {
      return await run;
    } finally {
      this.resumed.delete(run);
    }
  }

  /**
   * One that may end the process runs alone among its like: the others are not to die with it, and what
   * they came to is on record before it starts. Those that may become its like run before it, so that it
   * does not die with them again.
   */
  private async attemptAlone(delivery: Delivery): Promise<number | null> {
    const cleared = new AbortController();
    await Promise.race([
      Promise.allSettled(this.resumed),
      sleep(SUSPECT_WAIT_MS, undefined, { signal: cleared.signal, ref: false }).catch(() => {}),
    ]);
    cleared.abort();
    const pause = await this.attemptNow(delivery);
    await delivery.recorded;
    return pause;
  }

  private async attemptNow(delivery: Delivery): Promise<number | null> {
    const { to, attemptsBefore, isSuspect, event: stored } = delivery;
    if (!stored) return null;
    const isGone = delivery.isLost || (isSuspect && this.isStopped);
    const isOld = performance.now() - delivery.leasedAt > LEASE_AGE_MS;
    if (isGone || ((isOld || !delivery.isCounted) && !(await this.begin(delivery)))) {
      this.drop(delivery);
      return null;
    }
    delivery.isCounted = false;
    delivery.isSuspect = false;
    const event = withAttempt(stored, delivery.attempts);
    const tries = delivery.attempts - attemptsBefore;
    if (tries > to.options.attempts) {
      // Counted before it ran, and nobody saw it end: the process did, or the host was cut off.
      this.settle(delivery, event, 'dead', 'The process ended during each attempt', 0, 0);
      return null;
    }
    const startedAt = performance.now();
    const durationMs = () => Math.round(performance.now() - startedAt);
    delivery.run = new ListenerRun(to);
    try {
      const isRecorded = await this.runner.run(to, event, leaseOf(delivery), delivery.run);
      if (isRecorded) this.finish(delivery, event, durationMs());
      else this.settle(delivery, event, 'done', null, durationMs(), 0);
      return null;
    } catch (thrown) {
      return this.fail(delivery, event, thrown, tries, durationMs());
    }
  }

  /** Counts a further attempt, under a fresh lease. False when the delivery is not this process's any more. */
  private async begin(delivery: Delivery): Promise<boolean> {
    const askedAt = performance.now();
    if (!(await this.ledger.begin(leaseOf(delivery)))) return false;
    delivery.leasedAt = askedAt;
    delivery.attempts++;
    return true;
  }

  private fail(
    delivery: Delivery,
    event: LiveEvent,
    thrown: unknown,
    tries: number,
    durationMs: number,
  ): number | null {
    const { listener, to } = delivery;
    const error = errorText(thrown);
    const isDead = isNonRetryable(thrown) || tries >= to.options.attempts;
    const retryInMs = isDead ? 0 : backoffAfter(tries, to.options);
    const next = isDead ? 'it is a dead letter now' : `next attempt in ${retryInMs} ms`;
    this.logger.error(
      `Listener ${listener} failed on ${event.kind} ${event.id} (attempt ${event.attempt}); ${next}: ${error}`,
    );
    this.settle(delivery, event, isDead ? 'dead' : 'pending', error, durationMs, retryInMs);
    return isDead ? null : retryInMs;
  }

  /** The next event of the stream need not wait for the record of this one. */
  private settle(
    delivery: Delivery,
    event: LiveEvent,
    state: DeliveryOutcome['state'],
    error: string | null,
    durationMs: number,
    retryInMs: number,
  ): void {
    const { id, kind, attempt } = event;
    const { callbackId, listener, fence } = delivery;
    const outcome = { callbackId, listener, fence, state, error, durationMs, retryInMs };
    const recorded = this.ledger.settle(outcome);
    if (error !== null) emitSignal('failed', () => ({ id, kind, listener, attempt, error }));
    if (state === 'dead') {
      emitSignal('dead', () => ({ id, kind, listener, attempt, error: error ?? '' }));
    }
    if (state === 'done') signalDelivered(event, listener, durationMs);
    this.recording++;
    delivery.recorded = this.closeWhen(recorded, delivery, { state, error });
  }

  private async closeWhen(
    recorded: Promise<void>,
    delivery: Delivery,
    result: AttemptResult,
  ): Promise<void> {
    await recorded;
    this.recording--;
    this.observer?.attempted(delivery, result);
    if (result.state === 'pending') this.tellIfIdle();
    else this.drop(delivery);
  }

  /** A transactional listener has recorded its outcome itself. */
  private finish(delivery: Delivery, event: LiveEvent, durationMs: number): void {
    signalDelivered(event, delivery.listener, durationMs);
    this.observer?.attempted(delivery, { state: 'done', error: null });
    this.drop(delivery);
  }

  private drop(delivery: Delivery): void {
    const { callbackId, listener } = delivery;
    // What has once been in a map may stay reachable until the whole heap is collected: a map that has
    // grown or shrunk keeps its former tables. They must not hold the event and its run too.
    delivery.event = null;
    delivery.run = undefined;
    if (this.held.get(listener)?.delete(callbackId)) this.observer?.dropped(delivery);
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

function signalDelivered(
  { id, kind, attempt }: LiveEvent,
  listener: string,
  durationMs: number,
): void {
  emitSignal('delivered', () => ({ id, kind, listener, attempt, durationMs }));
}

function withAttempt(event: LiveEvent, attempt: number): LiveEvent {
  return event.attempt === attempt ? event : Object.freeze({ ...event, attempt });
}

function leaseOf({ callbackId, listener, fence }: DeliveryLease): DeliveryLease {
  return { callbackId, listener, fence };
}
