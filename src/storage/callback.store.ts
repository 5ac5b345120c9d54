import type { LeasedDelivery } from './delivery.lease.js';
import type { NewCallback, NewDelivery } from './sql/callback.writer.js';

/** What became of a callback. */
export interface StoredCallback {
  /** `known` when its content had been stored before, `spooled` when it waits for the database. */
  readonly outcome: 'new' | 'known' | 'spooled';
  /** Whether an earlier callback has the same identity and other content. */
  readonly conflicting: boolean;
  /** The deliveries that are leased to this process. */
  readonly leased: readonly LeasedDelivery[];
  /** The deliveries that wait in the table. */
  readonly waiting: readonly NewDelivery[];
}

/** Where callbacks become durable. */
export abstract class CallbackStore {
  /**
   * Resolves when the callback is durable, in the order in which those of a batch were put. May be stored
   * even when this rejects: the sender's retry is then known.
   *
   * @throws StorageUnavailableError when it is not known to be durable in time
   */
  abstract put(callback: NewCallback): Promise<StoredCallback>;

  /** Resolves when no callback waits to be stored. */
  abstract drained(): Promise<void>;
}
