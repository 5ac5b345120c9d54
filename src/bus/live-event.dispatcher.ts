import { Injectable, Logger } from '@nestjs/common';

import type { LiveEvent } from '../events/index.js';
import { emitSignal } from '../live-callback.signals.js';
import { DeliveryLedger } from './delivery.ledger.js';
import { errorText } from './error-text.js';
import { LiveEventBus } from './live-event.bus.js';
import { ListenerQueue } from './listener.queue.js';
import { ListenerRegistry, type Listener } from './listener.registry.js';

/** How many streams one listener serves side by side. */
const CONCURRENCY = 32;

/** A stored event on its way to one listener, under the lease that was taken with the insert. */
interface Delivery {
  readonly event: LiveEvent;
  readonly listener: Listener;
  readonly fence: number;
}

/** The delivery rows of an event that this process holds. */
export interface Dispatch {
  /** Ids of the listeners. */
  readonly listeners: readonly string[];
  /** Events with the same key reach a listener one after the other. */
  readonly streamKey: string;
  /** Fence of the leases. */
  readonly fence: number;
}

/** Hands stored events on: to durable listeners with their outcome recorded, and to observers. */
@Injectable()
export class LiveEventDispatcher {
  private readonly logger = new Logger('LiveCallback');
  private readonly queues = new Map<string, ListenerQueue<Delivery>>();
  private open = 0;
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly registry: ListenerRegistry,
    private readonly ledger: DeliveryLedger,
    private readonly bus: LiveEventBus,
  ) {}

  /** Takes an event whose row and delivery rows are committed. */
  dispatch(event: LiveEvent, { listeners, streamKey, fence }: Dispatch): void {
    this.bus.emit(event);
    for (const id of listeners) {
      const listener = this.registry.get(id);
      if (!listener) continue;
      this.open++;
      this.queueOf(listener).push(streamKey, { event, listener, fence });
    }
  }

  /** Resolves when no listener runs or waits and every outcome is recorded. */
  idle(): Promise<void> {
    if (this.open === 0) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  private queueOf(listener: Listener): ListenerQueue<Delivery> {
    let queue = this.queues.get(listener.id);
    if (!queue) {
      queue = new ListenerQueue((delivery) => this.run(delivery), CONCURRENCY);
      this.queues.set(listener.id, queue);
    }
    return queue;
  }

  private async run({ event, listener, fence }: Delivery): Promise<void> {
    const startedAt = performance.now();
    let error: string | null = null;
    try {
      await listener.handle(event);
    } catch (thrown) {
      error = errorText(thrown);
      this.logger.error(`Listener ${listener.id} failed on ${event.kind} ${event.id}: ${error}`);
    }
    const durationMs = Math.round(performance.now() - startedAt);
    this.signal(event, listener.id, error, durationMs);
    const settled = this.ledger.settle({
      callbackId: event.id,
      listener: listener.id,
      fence,
      state: error === null ? 'done' : 'pending',
      error,
      durationMs,
    });
    // The next event of the stream need not wait for the record of this one.
    void settled.then(() => this.closeOne());
  }

  private signal(
    { id, kind, attempt }: LiveEvent,
    listener: string,
    error: string | null,
    durationMs: number,
  ): void {
    if (error === null) {
      emitSignal('delivered', () => ({ id, kind, listener, attempt, durationMs }));
    } else {
      emitSignal('failed', () => ({ id, kind, listener, attempt, error }));
    }
  }

  private closeOne(): void {
    this.open--;
    if (this.open > 0) return;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}
