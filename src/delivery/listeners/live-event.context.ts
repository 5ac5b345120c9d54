import type { EntityManager } from 'typeorm';

/** What a handler gets beside the event. */
export interface LiveEventContext {
  /** Aborts when the run has taken longer than its `timeoutMs`, and when the application stops. */
  readonly signal: AbortSignal;
  /**
   * Of the transaction that completes the delivery, for listeners with `transactional: true`. What
   * is written through it takes effect exactly once.
   */
  readonly manager: EntityManager;
}
