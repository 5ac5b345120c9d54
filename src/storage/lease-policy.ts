import type { OrderingKey } from './delivery.lease.js';

/** What storing has to know of those who will run the new deliveries. */
export abstract class LeasePolicy {
  /** Whether a new delivery is leased to this process as it is stored. */
  abstract takes(delivery: OrderingKey): boolean;

  /** How long rows that are not leased wait before a poll may take them, ms; null: not at all. */
  abstract get graceMs(): number | null;
}
