/** What became of one attempt of one listener at one event. */
export interface DeliveryOutcome {
  readonly callbackId: string;
  readonly listener: string;
  /** Fence of the lease under which the attempt ran; an outcome under an older fence counts for nothing. */
  readonly fence: number;
  /** `done`, or `pending` when the attempt failed and the delivery stays open. */
  readonly state: 'done' | 'pending';
  /** Message of the error, bounded; null on success. */
  readonly error: string | null;
  /** How long the listener ran, ms. */
  readonly durationMs: number;
}

/** Where outcomes are kept. The bus knows this much of the tables and no more. */
export abstract class DeliveryLedger {
  /** Resolves when the outcome is durable. Never rejects: a lost outcome is a repeated run. */
  abstract settle(outcome: DeliveryOutcome): Promise<void>;
}
