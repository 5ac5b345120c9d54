import { Injectable } from '@nestjs/common';

import type { NewDelivery } from '../storage/sql/callback.writer.js';
import type { OrderingKey } from '../storage/delivery.lease.js';
import { DeliveryDispatcher } from './delivery.dispatcher.js';

/** A delivery row that is committed and that nobody holds. */
export interface WaitingDelivery extends NewDelivery {
  readonly kind: string;
  /** Name of the stream, for those who look at a queue; null where the callback has none. */
  readonly stream: string | null;
}

/**
 * How new deliveries come to run. It may forget, repeat or fail: rows decide what runs, and polls take
 * what it has not brought in time.
 */
export interface DeliveryRunner {
  /** Whether a new delivery is leased to this process as it is stored. */
  takes(delivery: OrderingKey): boolean;

  /** How long new rows are left to it before a poll may take them, ms; null: not at all. */
  readonly graceMs: number | null;

  /** Told of rows after their commit, in the order of the commits. Returns at once and never throws. */
  wake(deliveries: readonly WaitingDelivery[]): void;

  /** Begins to bring deliveries, once listeners are known and the database answers. */
  start(): void;

  /** Resolves when it brings nothing more. */
  stop(): Promise<void>;

  /** After the last run: ends its connections. */
  close(): Promise<void>;
}

/** New deliveries are leased to the process that stores them, as far as it has room; the hand-over does the rest. */
@Injectable()
export class InProcessRunner implements DeliveryRunner {
  readonly graceMs = null;

  constructor(private readonly dispatcher: DeliveryDispatcher) {}

  takes(delivery: OrderingKey): boolean {
    return this.dispatcher.takes(delivery);
  }

  wake(): void {}

  start(): void {}

  async stop(): Promise<void> {}

  async close(): Promise<void> {}
}
