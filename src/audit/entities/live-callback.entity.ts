import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { CallbackState } from '../../events/index.js';
import { epoch } from './epoch.transformer.js';

/** What a stored callback is: as it was received, or `discarded` when somebody closed it unhandled. */
export type StoredCallbackState = CallbackState | 'discarded';

/**
 * One distinct authentic callback. Body, receipt time and digests never change after the insert, but
 * for one exception: a purge drops the body and says so in `bodyPurgedAt`.
 *
 * Not synchronised: the module's migrations own the table, whatever a host sets.
 */
@Entity({ name: 'live_callback', synchronize: false })
export class LiveCallback {
  /** Time-ordered UUID (version 7) of the receipt. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** Kind from the catalog, or `unknown`. */
  @Column({ type: 'varchar', length: 64 })
  kind!: string;

  /** `event_type` as sent, where it is a number. */
  @Column({ name: 'event_type', type: 'int', nullable: true })
  eventType!: number | null;

  @Column({ type: 'varchar', length: 16 })
  state!: StoredCallbackState;

  @Column({ name: 'app_id', type: 'varchar', length: 64, nullable: true })
  appId!: string | null;

  /** Push domain. */
  @Column({ type: 'varchar', length: 255, nullable: true })
  domain!: string | null;

  /** Push path (AppName). */
  @Column({ type: 'varchar', length: 255, nullable: true })
  path!: string | null;

  @Column({ name: 'stream_name', type: 'varchar', length: 255, nullable: true })
  streamName!: string | null;

  /** Identifies one push; text, because it has up to 64 bit. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  sequence!: string | null;

  /** When it happened, as the sender says. */
  @Column({ name: 'occurred_at', type: 'bigint', nullable: true, transformer: epoch })
  occurredAt!: Date | null;

  /** When the first copy arrived. */
  @Column({ name: 'received_at', type: 'bigint', transformer: epoch })
  receivedAt!: Date;

  /** When the latest copy arrived. */
  @Column({ name: 'last_received_at', type: 'bigint', transformer: epoch })
  lastReceivedAt!: Date;

  /** How often CSS delivered it. */
  @Column({ name: 'deliveries_count', type: 'int' })
  deliveriesCount!: number;

  /** Another body with the same identity was stored before this one. */
  @Column({ type: Boolean })
  variant!: boolean;

  /** Digest of the payload without `t` and `sign`; unique. */
  @Column({ name: 'content_digest', type: 'varchar', length: 43 })
  contentDigest!: string;

  /** Digest of the natural fields of the kind. */
  @Column({ name: 'identity_digest', type: 'varchar', length: 43 })
  identityDigest!: string;

  /** Oddities that did not prevent acceptance, a JSON array of lines. */
  @Column({ type: 'simple-json', nullable: true })
  remarks!: string[] | null;

  /** Why a quarantined callback does not fit its DTO, a JSON array of lines. */
  @Column({ type: 'simple-json', nullable: true })
  errors!: string[] | null;

  @Column({ name: 'remote_address', type: 'varchar', length: 64, nullable: true })
  remoteAddress!: string | null;

  /** The body exactly as received: valid UTF-8, so text keeps it byte for byte. Null once purged. */
  @Column({ type: 'text', nullable: true })
  body!: string | null;

  /** Database time at which a purge dropped body, errors, remarks and remote address. */
  @Column({ name: 'body_purged_at', type: 'bigint', nullable: true, transformer: epoch })
  bodyPurgedAt!: Date | null;

  /** Database time at which somebody last had it replayed, requeued or discarded. */
  @Column({ name: 'reviewed_at', type: 'bigint', nullable: true, transformer: epoch })
  reviewedAt!: Date | null;

  /** Database time at which it was last discarded. */
  @Column({ name: 'discarded_at', type: 'bigint', nullable: true, transformer: epoch })
  discardedAt!: Date | null;

  @Column({ name: 'discard_reason', type: 'varchar', length: 500, nullable: true })
  discardReason!: string | null;

  @Column({ name: 'discard_actor', type: 'varchar', length: 190, nullable: true })
  discardActor!: string | null;
}
