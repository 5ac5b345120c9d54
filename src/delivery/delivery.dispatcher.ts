import { Injectable } from '@nestjs/common';

import { TimeScale } from '../common/time-scale.js';
import type { LiveEvent } from '../events/live-event.js';
import { keyOf, type LeasedDelivery, type OrderingKey } from '../storage/delivery.lease.js';
import { isCountedAhead } from '../storage/new-deliveries.js';
import type { AttemptResult } from './attempt.result.js';
import { AttemptRunner } from './attempt.runner.js';
import { CrashSuspects } from './crash-suspects.js';
import type { DispatchObserver } from './dispatch.observer.js';
import { HeldDelivery } from './held-delivery.js';
import { IdleWaiters } from './idle.waiters.js';
import { LeaseKeeper } from './lease.keeper.js';
import { ListenerRegistry, type Listener } from './listeners/listener.registry.js';
import { OrderingKeyQueue } from './ordering-key.queue.js';

/** Deliveries of one listener that a process holds; the table keeps the others until there is room. */
const CAPACITY = 2_000;

/** Hands stored events to durable listeners: in order, retried, with every outcome recorded. */
@Injectable()
export class DeliveryDispatcher {
  private readonly queues = new Map<string, OrderingKeyQueue<HeldDelivery>>();
  private readonly observers: DispatchObserver[] = [];
  /** Outcomes on their way into the table. */
  private recording = 0;
  /** The latest outcome of each ordering key on its way into the table. */
  private readonly closing = new Map<string, Promise<void>>();
  private isStopped = false;
  /** Listeners that are paused, or whose circuit breaker is open: they get nothing for now. */
  private heldUp: ReadonlySet<string> = new Set();
  private readonly idleWaiters = new IdleWaiters(() => this.isIdle);

  constructor(
    private readonly registry: ListenerRegistry,
    private readonly leases: LeaseKeeper,
    private readonly attempts: AttemptRunner,
    private readonly suspects: CrashSuspects,
    private readonly time: TimeScale,
  ) {}

  observe(observer: DispatchObserver): void {
    this.observers.push(observer);
  }

  /** How many more deliveries of a listener this process should take. */
  roomOf(listener: string): number {
    if (this.heldUp.has(listener) || !this.registry.get(listener)) return 0;
    const blocked = this.queues.get(listener)?.blocked ?? 0;
    return Math.max(0, CAPACITY + blocked - this.leases.countOf(listener));
  }

  /** Whether the first attempt of a listener is counted with its lease. */
  countsAhead(listener: string): boolean {
    return isCountedAhead(this.registry.get(listener)?.options);
  }

  /** Whether a delivery that is stored now may be leased to this process. */
  takes(key: OrderingKey): boolean {
    // Without room the table keeps it, and memory stays flat however slow a listener is.
    return this.roomOf(key.listener) > 0 && this.accepts(key);
  }

  /** Whether a delivery that was stored may follow those of its key that are held here. */
  accepts({ listener, orderingKey }: OrderingKey): boolean {
    return !this.heldUp.has(listener) && this.queues.get(listener)?.takes(orderingKey) !== false;
  }

  /** Listeners get nothing from now on, and give back what does not run; all others do. */
  hold(listeners: ReadonlySet<string>): void {
    const before = this.heldUp;
    this.heldUp = listeners;
    for (const id of listeners) if (!before.has(id)) this.queues.get(id)?.clear();
  }

  /** Takes a delivery of an event that is committed and leased to this process. */
  dispatch(event: LiveEvent, taken: LeasedDelivery): void {
    const { listener, orderingKey } = taken;
    const to = this.registry.get(listener);
    if (!to) return;
    const known = this.leases.find(listener, event.id);
    if (known) return known.renewAs(taken);
    const delivery = new HeldDelivery(to, event, taken);
    if (this.isStopped) return this.giveBack([delivery]);
    this.leases.add(delivery);
    for (const observer of this.observers) observer.taken?.(delivery);
    this.queueOf(to).push(orderingKey, delivery);
  }

  /**
   * More of a key waits in the table than was taken over.
   *
   * @returns whether anything of the key is held here, after which it is taken over
   */
  expectMore({ listener, orderingKey }: OrderingKey): boolean {
    return this.queues.get(listener)?.expectMore(orderingKey) === true;
  }

  /** Another process has a delivery now. What waits behind it here must not run before it. */
  lost({ listener, orderingKey }: HeldDelivery): void {
    this.queues.get(listener)?.giveBackFollowers(orderingKey);
  }

  /** The table was asked for the rest of a key that had run empty. */
  forget({ listener, orderingKey }: OrderingKey): void {
    this.queues.get(listener)?.forget(orderingKey);
  }

  /** Resolves when no listener runs, every outcome is recorded, and only later attempts are open. */
  idle(): Promise<void> {
    return this.idleWaiters.wait();
  }

  get isIdle(): boolean {
    return this.recording === 0 && [...this.queues.values()].every((queue) => queue.isIdle);
  }

  /** Starts nothing more, and gives back what does not run; what fails meanwhile too. */
  stop(): void {
    this.isStopped = true;
    this.giveBack([...this.queues.values()].flatMap((queue) => queue.stop()));
  }

  /** Tells the runs that are still going on that the application stops. */
  abort(): void {
    for (const { run } of this.leases.all()) run?.abort();
  }

  private queueOf(to: Listener): OrderingKeyQueue<HeldDelivery> {
    let queue = this.queues.get(to.id);
    if (!queue) {
      const owner = {
        isHeld: () => this.heldUp.has(to.id),
        waitsForItsLike: (it: HeldDelivery) => it.isSuspect,
        run: (it: HeldDelivery) => this.attempt(it),
        giveBack: (them: readonly HeldDelivery[]) => this.giveBack(them),
        emptied: (orderingKey: string, hasMore: boolean) =>
          void this.tellEmptied({ listener: to.id, orderingKey }, hasMore),
      };
      queue = new OrderingKeyQueue(owner, to.options.concurrency);
      this.queues.set(to.id, queue);
    }
    return queue;
  }

  /** @returns the pause before the next attempt, real ms; null when there is none */
  private async attempt(delivery: HeldDelivery): Promise<number | null> {
    const result = await this.suspects.run(delivery, () =>
      // One that may end the process begins no attempt while the process is told to end.
      delivery.isSuspect && this.isStopped ? Promise.resolve(null) : this.attempts.run(delivery),
    );
    if (!result) {
      this.giveBack([delivery]);
      return null;
    }
    const closed = this.closeWhenRecorded(delivery, result);
    if (result.state !== 'pending') {
      this.closing.set(keyOf(delivery), closed);
      return null;
    }
    // One that is given back must say in the table when it is due.
    if (this.queues.get(delivery.listener)?.isFull) await delivery.recorded;
    return this.time.real(result.retryInMs);
  }

  private async closeWhenRecorded(delivery: HeldDelivery, result: AttemptResult): Promise<void> {
    this.recording++;
    await delivery.recorded;
    this.recording--;
    for (const observer of this.observers) observer.attempted?.(delivery, result);
    if (result.state === 'pending') this.idleWaiters.tell();
    else this.drop(delivery);
  }

  /** Not before the last outcome is in the table, where the key is held until then. */
  private async tellEmptied(key: OrderingKey, hasMore: boolean): Promise<void> {
    const closed = this.closing.get(keyOf(key));
    this.closing.delete(keyOf(key));
    await closed;
    for (const observer of this.observers) observer.emptied?.(key, hasMore);
  }

  private giveBack(deliveries: readonly HeldDelivery[]): void {
    if (deliveries.length === 0) return;
    for (const delivery of deliveries) this.drop(delivery);
    for (const observer of this.observers) observer.givenBack?.(deliveries);
  }

  private drop(delivery: HeldDelivery): void {
    delivery.forget();
    if (this.leases.delete(delivery)) {
      for (const observer of this.observers) observer.dropped?.(delivery);
    }
    this.idleWaiters.tell();
  }
}
