import { Injectable, Logger } from '@nestjs/common';

import { DeliveryLedger, type HoldsLease } from './delivery.ledger.js';
import { errorText } from './error-text.js';
import { ListenerRegistry } from './listener.registry.js';
import { LiveEventDispatcher } from './live-event.dispatcher.js';

/** How often the table is asked what is due, ms. */
const INTERVAL_MS = 1_000;
const BATCH = 1_000;

/**
 * Renews what this process holds, and takes over what is due and nobody holds: what a dead process
 * left, what had no room in memory, what is replayed. The table is the truth; this timer only wakes.
 */
@Injectable()
export class DeliverySweeper {
  private readonly logger = new Logger('LiveCallback');
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<number> = Promise.resolve(0);
  private isWaiting = false;
  private isStopped = true;
  private hasFailed = false;

  constructor(
    private readonly ledger: DeliveryLedger,
    private readonly registry: ListenerRegistry,
    private readonly dispatcher: LiveEventDispatcher,
  ) {}

  start(): void {
    this.isStopped = false;
    this.wake();
  }

  /** Resolves when a sweep that runs has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.sweeping;
  }

  /** Sweeps at once, or once more when a sweep runs. */
  wake(): void {
    void this.sweepNow();
  }

  /** The same. @returns how many deliveries were taken over */
  sweepNow(): Promise<number> {
    if (this.isStopped) return Promise.resolve(0);
    if (!this.isWaiting) {
      this.isWaiting = true;
      this.sweeping = this.sweeping.then(() => this.sweepAndWait());
    }
    return this.sweeping;
  }

  /** The next one is timed when this one ends, however long it takes. */
  private async sweepAndWait(): Promise<number> {
    this.isWaiting = false;
    clearTimeout(this.timer);
    const taken = await this.sweep();
    clearTimeout(this.timer);
    if (!this.isStopped) this.timer = setTimeout(() => this.wake(), INTERVAL_MS).unref();
    return taken;
  }

  /** Resolves when the sweeps that were asked for have ended. */
  async swept(): Promise<void> {
    await this.sweeping;
  }

  /** @returns how many were taken, and whether there may be more */
  private async takeOver(): Promise<{ taken: number; hasMore: boolean }> {
    const ids = this.registry.ids.filter((id) => this.dispatcher.roomOf(id) > 0);
    const limit = Math.min(BATCH, ...ids.map((id) => this.dispatcher.roomOf(id)));
    if (ids.length === 0 || this.isStopped) return { taken: 0, hasMore: false };
    const isHeld: HoldsLease = (lease) => this.dispatcher.holdsLease(lease);
    const { claimed, hasMore } = await this.ledger.claim(ids, limit, isHeld);
    for (const { event, delivery } of claimed) this.dispatcher.dispatch(event, [delivery]);
    return { taken: claimed.length, hasMore };
  }

  private async sweep(): Promise<number> {
    let taken = 0;
    try {
      // First the renewal: a lease that ran out while the database was away is still ours. And again
      // between the steps of a large backlog, which may take longer than leases last.
      let step: Awaited<ReturnType<typeof this.takeOver>>;
      do {
        await this.dispatcher.renew();
        step = await this.dispatcher.inOrder(() => this.takeOver());
        taken += step.taken;
      } while (step.hasMore);
      this.hasFailed = false;
    } catch (error) {
      // Once per outage: the next sweep tries again.
      if (!this.hasFailed) this.logger.error(`Deliveries could not be swept: ${errorText(error)}`);
      this.hasFailed = true;
    }
    return taken;
  }
}
