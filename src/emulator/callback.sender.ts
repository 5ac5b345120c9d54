import { randomUUID } from 'node:crypto';

import { CallbackDelivery, type DeliveryRules } from './callback.delivery.js';
import type { FaultBook, Fault } from './faults/fault.book.js';
import { HeldCallbacks } from './faults/held.callbacks.js';
import type { RandomNetwork } from './faults/random.network.js';
import type { CallbackOutcome, OutgoingCallback } from './outgoing.callback.js';

/** An `event_type` that CSS has not given out. */
const UNKNOWN_EVENT_TYPE = 999;

/** Sends callbacks side by side, each with its retries, and makes the ordered faults happen. */
export class CallbackSender {
  private readonly deliveries = new Set<CallbackDelivery>();
  private readonly held = new HeldCallbacks();
  private idleWaiters: (() => void)[] = [];
  private isClosed = false;

  constructor(
    private readonly rules: DeliveryRules,
    private readonly faults: FaultBook,
    private readonly network: RandomNetwork,
  ) {}

  /** Whether nothing is under way, waits for its retry, or is held back. */
  get isIdle(): boolean {
    return this.deliveries.size === 0 && this.held.size === 0;
  }

  /** Sends a callback, at once or later; resolves when it has come to its end. */
  send(callback: OutgoingCallback, afterMs = 0): Promise<CallbackOutcome> {
    if (this.isClosed) return Promise.resolve('cancelled');
    const fate = this.network.nextFate();
    const faults = [...this.faults.take(callback), ...fate.faults];
    const delayMs = afterMs + fate.delayMs;
    const find = (...names: string[]) => faults.find(({ name }) => names.includes(name));
    if (find('unknown-event')) void this.deliver(unknownEventOf(callback), [], delayMs);
    const held = find('reorder', 'late-interrupt');
    if (!held) return this.deliver(callback, faults, delayMs);
    return new Promise((resolve) => {
      const release = this.held.hold(callback, held.after, () => {
        stopWaiting();
        resolve(this.deliver(callback, faults, 0));
      });
      const stopWaiting = this.rules.clock.setTimeout(release, delayMs + held.holdMs);
    });
  }

  /** Resolves when nothing is left to send. */
  async idle(): Promise<void> {
    if (!this.isIdle) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  /** Ends everything that is under way. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.held.releaseAll();
    for (const delivery of this.deliveries) delivery.cancel();
    await this.idle();
  }

  private deliver(
    callback: OutgoingCallback,
    faults: readonly Fault[],
    delayMs: number,
  ): Promise<CallbackOutcome> {
    if (this.isClosed) return Promise.resolve('cancelled');
    return new Promise((resolve) => {
      const delivery = new CallbackDelivery(callback, faults, this.rules, (outcome) => {
        this.deliveries.delete(delivery);
        const isRepeated = faults.some(({ name }) => name === 'duplicate');
        if (isRepeated && outcome === 'acknowledged') void this.deliver(callback, [], 0);
        this.held.passed(callback);
        this.tellIfIdle();
        resolve(outcome);
      });
      this.deliveries.add(delivery);
      delivery.start(delayMs);
    });
  }

  private tellIfIdle(): void {
    if (!this.isIdle) return;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}

/** Besides the real one, which still arrives. */
function unknownEventOf(callback: OutgoingCallback): OutgoingCallback {
  const eventType = UNKNOWN_EVENT_TYPE;
  const fields = { ...callback.fields, event_type: eventType };
  return { ...callback, id: randomUUID(), eventType, fields };
}
