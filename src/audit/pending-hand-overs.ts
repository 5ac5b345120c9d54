import { Injectable } from '@nestjs/common';

import type { LeasedDelivery } from './writers/callback.writer.js';

/**
 * New deliveries that are leased to this process, and wait for their turn to be handed on. A sweep that
 * is before them in that sequence must not take a later one of their lane, which another node stored.
 */
@Injectable()
export class PendingHandOvers {
  private readonly lanes = new Map<string, Set<string>>();

  add(deliveries: readonly LeasedDelivery[]): void {
    for (const delivery of deliveries) {
      const key = laneOf(delivery);
      const ids = this.lanes.get(key);
      if (ids) ids.add(delivery.callbackId);
      else this.lanes.set(key, new Set([delivery.callbackId]));
    }
  }

  delete(deliveries: readonly LeasedDelivery[]): void {
    for (const delivery of deliveries) {
      const key = laneOf(delivery);
      const ids = this.lanes.get(key);
      ids?.delete(delivery.callbackId);
      if (ids?.size === 0) this.lanes.delete(key);
    }
  }

  /** Whether an earlier one of its lane waits. */
  hasBefore(delivery: LeasedDelivery): boolean {
    const ids = this.lanes.get(laneOf(delivery));
    return ids !== undefined && [...ids].some((id) => id < delivery.callbackId);
  }
}

function laneOf({ listener, streamKey }: LeasedDelivery): string {
  return `${listener} ${streamKey}`;
}
