import { Injectable, Logger } from '@nestjs/common';

import { errorText } from '../common/error-text.js';
import { OutageLog } from '../common/outage.log.js';
import { outsideRequests } from '../common/outside-requests.js';
import { TimeScale } from '../common/time-scale.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import type { Claim } from '../storage/delivery.lease.js';
import { DeliveryDispatcher } from './delivery.dispatcher.js';
import { HandOver } from './hand-over.js';
import { ListenerGate } from './listener.gate.js';
import { LeaseKeeper } from './lease.keeper.js';
import { ListenerRegistry } from './listeners/listener.registry.js';

/** How often the table is asked what is due, ms. */
const INTERVAL_MS = 1_000;

const NOTHING: Claim = { claimed: [], contested: [], hasMore: false };

/**
 * Renews what this process holds, and takes over what is due and nobody holds: what a dead process
 * left, what had no room in memory, what is replayed. The table is the truth; this timer only wakes.
 */
@Injectable()
export class DeliveryPoller {
  private readonly outage = new OutageLog(new Logger('LiveCallback'));
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<number> = Promise.resolve(0);
  private isWaiting = false;
  private isStopped = true;

  constructor(
    private readonly registry: ListenerRegistry,
    private readonly dispatcher: DeliveryDispatcher,
    private readonly handOver: HandOver,
    private readonly gate: ListenerGate,
    private readonly leases: LeaseKeeper,
    private readonly time: TimeScale,
    private readonly config: LiveCallbackConfig,
  ) {}

  start(): void {
    this.isStopped = false;
    this.wake();
  }

  /** Resolves when a poll that runs has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.polling;
  }

  /** Polls at once, or once more when a poll runs. */
  wake(): void {
    void this.pollNow();
  }

  /** The same. @returns how many deliveries were taken over */
  pollNow(): Promise<number> {
    if (this.isStopped) return Promise.resolve(0);
    if (!this.isWaiting) {
      this.isWaiting = true;
      this.polling = this.polling.then(() => outsideRequests(() => this.pollAndWait()));
    }
    return this.polling;
  }

  /** Resolves when the polls that were asked for have ended. */
  async polled(): Promise<void> {
    await this.polling;
  }

  /** The next one is timed when this one ends, however long it takes. */
  private async pollAndWait(): Promise<number> {
    this.isWaiting = false;
    clearTimeout(this.timer);
    const taken = await this.poll();
    clearTimeout(this.timer);
    if (!this.isStopped) {
      this.timer = setTimeout(() => this.wake(), this.time.real(INTERVAL_MS)).unref();
    }
    return taken;
  }

  private claim(listeners: readonly string[]): Promise<Claim> {
    return this.handOver.claim({ registration: this.config.name, listeners });
  }

  private async poll(): Promise<number> {
    let taken = 0;
    try {
      // The oldest come first: who has filled an answer is asked for again after all others.
      const served = new Set<string>();
      let mayHaveMore = true;
      while (mayHaveMore && !this.isStopped) {
        // First the renewal: a lease that ran out while the database was away is still ours. And again
        // between the steps of a large backlog, which may take longer than leases last.
        for (const lost of await this.leases.renew()) this.dispatcher.lost(lost);
        await this.gate.read();
        const open = this.registry.ids.filter((id) => this.dispatcher.roomOf(id) > 0);
        const listeners = open.filter((id) => !served.has(id));
        const claim = listeners.length > 0 ? await this.claim(listeners) : NOTHING;
        taken += claim.claimed.length;
        for (const { delivery } of claim.hasMore ? claim.claimed : [])
          served.add(delivery.listener);
        mayHaveMore = claim.hasMore || open.some((id) => served.has(id));
        if (!claim.hasMore) served.clear();
      }
      this.outage.works();
    } catch (error) {
      this.outage.failed(() => `Deliveries could not be polled: ${errorText(error)}`);
    }
    return taken;
  }
}
