/** A delivery row that is committed and that nobody holds. */
export interface WaitingDelivery {
  readonly callbackId: string;
  /** Id of the listener. */
  readonly listener: string;
  readonly streamKey: string;
  readonly kind: string;
  /** Name of the stream, for those who look at the engine; null where the callback has none. */
  readonly stream: string | null;
}

/**
 * Something outside that wakes the processes which run listeners, such as a queue. It may forget, repeat
 * or fail: rows decide what runs, and sweeps take what it has not brought in time.
 */
export interface DeliveryEngine {
  /** How long new rows are left to it before a sweep may take them, ms; null while it is away. */
  readonly graceMs: number | null;

  /** Begins to bring deliveries, where this process runs listeners. */
  start(): void;

  /** Told of rows after their commit, in the order of the commits. Returns at once and never throws. */
  wake(deliveries: readonly WaitingDelivery[]): void;

  /** Resolves when it brings nothing more. */
  stop(): Promise<void>;

  /** After the last run: ends its connections. */
  close(): Promise<void>;
}
