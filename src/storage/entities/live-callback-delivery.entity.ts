import { Entity } from 'typeorm';

import { DigestColumn, IntColumn, KeyColumn, NULLABLE, TextColumn, TimeColumn } from './columns.js';

/**
 * Whether a listener still has to handle a callback, has handled it, or has given up; `discarded` when
 * somebody closed it unhandled, `superseded` when the listener had had the same thing in another form.
 */
export type DeliveryState = 'pending' | 'done' | 'dead' | 'discarded' | 'superseded';

/** One (callback, listener): written in the transaction that stores the callback. */
@Entity({ name: 'live_callback_delivery', synchronize: false })
export class LiveCallbackDelivery {
  @KeyColumn(36) callbackId!: string;
  /** Stable id of the listener. */
  @KeyColumn(190) listener!: string;
  /** Name of the registration that received the callback. */
  @TextColumn(48) registration!: string;
  /** Events with the same key reach the listener one after the other; written as a UUID. */
  @DigestColumn() orderingKey!: string;
  @TextColumn(16) state!: DeliveryState;
  /** Counted before each run. */
  @IntColumn() attempts!: number;
  /** Who may run it now: a registration in a process, by the name that `LeaseOwner` gives it. */
  @TextColumn(36, NULLABLE) leaseOwner!: string | null;
  /** Database time until which the lease holds. */
  @TimeColumn(NULLABLE) leaseUntil!: Date | null;
  /** Rises with every claim, discard and replay; an outcome under an older fence counts for nothing. */
  @IntColumn() fence!: number;
  @TimeColumn(NULLABLE) nextAttemptAt!: Date | null;
  @TextColumn(1000, NULLABLE) lastError!: string | null;
  /** How long the latest run took, ms. */
  @IntColumn(NULLABLE) durationMs!: number | null;
  /** Attempts that do not count any more, because a replay came after them. */
  @IntColumn() attemptsBefore!: number;
  /** When it was replayed last. */
  @TimeColumn(NULLABLE) replayedAt!: Date | null;
  @TextColumn(500, NULLABLE) replayReason!: string | null;
  @TextColumn(190, NULLABLE) replayActor!: string | null;
  /** When it ceased to be pending. */
  @TimeColumn(NULLABLE) finishedAt!: Date | null;
}
