import { Injectable } from '@nestjs/common';

import { TimeScale } from '../common/time-scale.js';
import { deliveryOf, type DeliveryLease } from '../storage/delivery.lease.js';
import { DeliveryStore } from '../storage/delivery.store.js';
import type { HeldDelivery } from './held-delivery.js';

/** Age at which a lease may have run out, ms: nothing starts under it without asking the table. */
const MAX_AGE_MS = 7_000;
/** Age at which a lease is prolonged, ms: well below its length. */
const RENEW_AFTER_MS = 2_500;

/** Keeps the leases of what this process holds: waiting, running, or being recorded. */
@Injectable()
export class LeaseKeeper {
  private readonly held = new Map<string, Map<string, HeldDelivery>>();

  constructor(
    private readonly store: DeliveryStore,
    private readonly time: TimeScale,
  ) {}

  add(delivery: HeldDelivery): void {
    this.of(delivery.listener).set(delivery.callbackId, delivery);
  }

  /** @returns false when it was not held any more */
  delete({ listener, callbackId }: HeldDelivery): boolean {
    return this.held.get(listener)?.delete(callbackId) === true;
  }

  find(listener: string, callbackId: string): HeldDelivery | undefined {
    return this.held.get(listener)?.get(callbackId);
  }

  /** Whether this process holds a delivery under just this lease. */
  holds({ listener, callbackId, fence }: DeliveryLease): boolean {
    return this.find(listener, callbackId)?.fence === fence;
  }

  countOf(listener: string): number {
    return this.held.get(listener)?.size ?? 0;
  }

  all(): HeldDelivery[] {
    return [...this.held.values()].flatMap((held) => [...held.values()]);
  }

  /**
   * Prolongs the leases that are held for some time, and ends the runs of those that are lost.
   *
   * @returns the deliveries that another process has now
   */
  async renew(): Promise<readonly HeldDelivery[]> {
    const now = this.time.now();
    const aged = this.all().filter((it) => now - it.leasedAt > RENEW_AFTER_MS);
    if (aged.length === 0) return [];
    const lost = await this.store.renew(aged.map(({ lease }) => lease));
    for (const delivery of aged) delivery.leasedAt = now;
    const keys = new Set(lost.map(deliveryOf));
    const lostOnes = aged.filter((it) => keys.has(deliveryOf(it)) && this.holds(it));
    for (const delivery of lostOnes) {
      delivery.isLost = true;
      delivery.run?.abort();
    }
    return lostOnes;
  }

  /**
   * Makes sure that the next attempt is counted, under a lease that has not run out. False when the
   * delivery is not this process's any more.
   */
  async begin(delivery: HeldDelivery): Promise<boolean> {
    if (delivery.isLost) return false;
    const askedAt = this.time.now();
    const isFresh = askedAt - delivery.leasedAt <= MAX_AGE_MS;
    if (!isFresh || !delivery.isCounted) {
      if (!(await this.store.begin(delivery.lease))) return false;
      delivery.leasedAt = askedAt;
      if (!delivery.isCounted) delivery.attempts++;
    }
    delivery.isCounted = false;
    return true;
  }

  private of(listener: string): Map<string, HeldDelivery> {
    let held = this.held.get(listener);
    if (!held) this.held.set(listener, (held = new Map()));
    return held;
  }
}
