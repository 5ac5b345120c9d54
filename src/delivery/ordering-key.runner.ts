import { Injectable } from '@nestjs/common';

import { keyOf, type OrderingKey } from '../storage/delivery.lease.js';
import type { AttemptResult } from './attempt.result.js';
import { DeliveryDispatcher } from './delivery.dispatcher.js';
import type { DispatchObserver } from './dispatch.observer.js';
import { HandOver } from './hand-over.js';
import { OrderingKeyTaker } from './ordering-key.taker.js';
import type { HeldDelivery } from './held-delivery.js';
import { ListenerRegistry } from './listeners/listener.registry.js';

/**
 * What became of a key that was asked for: `ran` when what was due has been attempted; `shared` when it runs
 * here after what is held of the key already; `nothing` when nothing is due, or another process has the
 * key; `returned` when the application stops, and nobody here holds the key any more.
 */
export interface KeyResult {
  readonly state: 'ran' | 'shared' | 'nothing' | 'returned';
  /** Of the first attempt that failed; null when none did. */
  readonly error: string | null;
}

/** Somebody who waits until a key has run. */
class Waiter {
  error: string | null = null;
  end!: (state: KeyResult['state']) => void;
  readonly ended = new Promise<KeyResult>((resolve) => {
    this.end = (state) => resolve({ state, error: this.error });
  });
}

/**
 * Runs the ordering keys that a queue of jobs names. A key is taken over as a whole, so that its order is
 * that of the table whatever order the jobs have.
 *
 * Whoever holds a key looks again when it has run empty, so that others that find it held may leave the
 * rest to it. Only who runs it for a job need not: what is stored meanwhile gets a job after this one.
 */
@Injectable()
export class OrderingKeyRunner implements DispatchObserver {
  private readonly waiters = new Map<string, Waiter>();
  private isStopped = true;

  constructor(
    private readonly dispatcher: DeliveryDispatcher,
    private readonly taker: OrderingKeyTaker,
    private readonly handOver: HandOver,
    private readonly registry: ListenerRegistry,
  ) {}

  start(): void {
    this.isStopped = false;
    this.dispatcher.observe(this);
  }

  /** Takes nothing over any more. */
  stop(): void {
    this.isStopped = true;
  }

  /** Whether this process has a listener. */
  hasListener(id: string): boolean {
    return this.registry.get(id) !== undefined;
  }

  /**
   * Takes a key over and waits until it has run empty, or is held up by a delivery that failed.
   *
   * @throws the database's error
   */
  async run(key: OrderingKey): Promise<KeyResult> {
    const name = keyOf(key);
    if (this.isStopped) return this.returned();
    // Nobody asks the table for what waits behind something that is here: it is taken over after it.
    if (this.dispatcher.expectMore(key) || this.waiters.has(name)) {
      return { state: 'shared', error: null };
    }
    const waiter = new Waiter();
    this.waiters.set(name, waiter);
    try {
      if (!(await this.taker.take(key))) waiter.end(this.isStopped ? 'returned' : 'nothing');
      const result = await waiter.ended;
      return result.state === 'returned' ? await this.returned() : result;
    } finally {
      this.waiters.delete(name);
    }
  }

  /** Not before others can take over what was held here. */
  private async returned(): Promise<KeyResult> {
    await this.handOver.drained();
    return { state: 'returned', error: null };
  }

  attempted(delivery: HeldDelivery, { state, error }: AttemptResult): void {
    const waiter = this.waiters.get(keyOf(delivery));
    if (!waiter) return;
    waiter.error ??= error;
    if (state === 'pending') waiter.end('ran');
  }

  /** When the application stops, the rest of a key is for others. */
  givenBack(deliveries: readonly HeldDelivery[]): void {
    if (!this.isStopped) return;
    for (const delivery of deliveries) this.waiters.get(keyOf(delivery))?.end('returned');
  }

  emptied(key: OrderingKey, hasMore: boolean): void {
    const waiter = this.waiters.get(keyOf(key));
    waiter?.end('ran');
    // Where more is known to wait, it is looked for anyway; without order nothing does.
    const isOrdered = this.registry.get(key.listener)?.options.order === 'stream';
    if (waiter || hasMore || !isOrdered || this.isStopped) return;
    // A database that is away is the poll's to tell of, which takes over then.
    this.taker.take(key).catch(() => {});
  }
}
