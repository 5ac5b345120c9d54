import { Injectable } from '@nestjs/common';

import type { LeasedDelivery } from './writers/callback.writer.js';

/**
 * New deliveries that are leased to this process, and wait for their turn to be handed on. A sweep that
 * is before them in that sequence must not take a later one of their lane, which another node stored.
 */
@Injectable()
export class PendingHandOvers {
  private readonly batches = new Set<readonly LeasedDelivery[]>();

  add(batch: readonly LeasedDelivery[]): void {
    this.batches.add(batch);
  }

  delete(batch: readonly LeasedDelivery[]): void {
    this.batches.delete(batch);
  }

  /** Those of the deliveries that an earlier one of their lane, which waits, comes before. */
  behindThem<T extends LeasedDelivery>(deliveries: readonly T[]): readonly T[] {
    const earliest = new Map<string, string>();
    for (const batch of this.batches) {
      for (const delivery of batch) {
        const lane = laneOf(delivery);
        const known = earliest.get(lane);
        if (known === undefined || delivery.callbackId < known) {
          earliest.set(lane, delivery.callbackId);
        }
      }
    }
    return deliveries.filter((it) => {
      const first = earliest.get(laneOf(it));
      return first !== undefined && first < it.callbackId;
    });
  }
}

function laneOf({ listener, streamKey }: LeasedDelivery): string {
  return `${listener} ${streamKey}`;
}
