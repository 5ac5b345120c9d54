import { Column, Entity, PrimaryColumn } from 'typeorm';

import { epoch } from './epoch.transformer.js';

/**
 * Whether a listener still has to handle a callback, has handled it, or has given up; `discarded` when
 * somebody closed it unhandled.
 */
export type DeliveryState = 'pending' | 'done' | 'dead' | 'discarded';

/** One (callback, listener): written in the transaction that stores the callback. */
@Entity({ name: 'live_callback_delivery', synchronize: false })
export class LiveCallbackDelivery {
  @PrimaryColumn({ name: 'callback_id', type: 'varchar', length: 36 })
  callbackId!: string;

  /** Stable id of the listener. */
  @PrimaryColumn({ type: 'varchar', length: 190 })
  listener!: string;

  /** Events with the same key reach the listener one after the other. */
  @Column({ name: 'stream_key', type: 'varchar', length: 43 })
  streamKey!: string;

  @Column({ type: 'varchar', length: 16 })
  state!: DeliveryState;

  /** Counted before each run. */
  @Column({ type: 'int' })
  attempts!: number;

  /** Process that may run it now. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 36, nullable: true })
  leaseOwner!: string | null;

  /** Database time until which the lease holds. */
  @Column({ name: 'lease_until', type: 'bigint', nullable: true, transformer: epoch })
  leaseUntil!: Date | null;

  /** Rises with every lease; an outcome under an older fence counts for nothing. */
  @Column({ type: 'int' })
  fence!: number;

  @Column({ name: 'next_attempt_at', type: 'bigint', nullable: true, transformer: epoch })
  nextAttemptAt!: Date | null;

  @Column({ name: 'last_error', type: 'varchar', length: 1000, nullable: true })
  lastError!: string | null;

  /** How long the latest run took, ms. */
  @Column({ name: 'duration_ms', type: 'int', nullable: true })
  durationMs!: number | null;

  /** Attempts that do not count any more, because a replay came after them. */
  @Column({ name: 'attempts_before', type: 'int' })
  attemptsBefore!: number;

  /** When it was replayed last. */
  @Column({ name: 'replayed_at', type: 'bigint', nullable: true, transformer: epoch })
  replayedAt!: Date | null;

  @Column({ name: 'replay_reason', type: 'varchar', length: 500, nullable: true })
  replayReason!: string | null;

  @Column({ name: 'replay_actor', type: 'varchar', length: 190, nullable: true })
  replayActor!: string | null;

  /** When it became done or dead. */
  @Column({ name: 'finished_at', type: 'bigint', nullable: true, transformer: epoch })
  finishedAt!: Date | null;
}
