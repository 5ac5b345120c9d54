import { Column, Entity } from 'typeorm';

import type { LiveEventOrigin } from '../../events/live-event.js';
import type { BodyEncoding } from '../../events/payload/kept-body.js';
import type { CallbackState } from '../../events/event-interpreter.js';
import {
  DigestColumn,
  IntColumn,
  KeyColumn,
  LinesColumn,
  NULLABLE,
  TextColumn,
  TimeColumn,
} from './columns.js';

/** Where a row comes from. */
export type CallbackOrigin = LiveEventOrigin;

/**
 * What a stored callback is: as it was received, `discarded` when somebody closed it unhandled, or `reconciled`:
 * made of what the cloud says, because none came.
 */
export type StoredCallbackState = CallbackState | 'discarded' | 'reconciled';

/**
 * One distinct authentic callback. Its receipt time never changes after the insert, nor does its body,
 * but that a purge or an erasure drops it (`bodyPurgedAt`). An erasure also makes the digests random and may forget
 * the stream; a requeue sets `identityDigest`.
 *
 * Not synchronised: the module's migrations own the table, whatever a host sets.
 */
@Entity({ name: 'live_callback', synchronize: false })
export class LiveCallback {
  /** Time-ordered UUID (version 7) of the receipt. */
  @KeyColumn(36) id!: string;
  /** Name of the registration that received it. */
  @TextColumn(48) registration!: string;
  /** Kind from the catalog, or `unknown`. */
  @TextColumn(64) kind!: string;
  /** `event_type` as sent, where it is a number. */
  @IntColumn(NULLABLE) eventType!: number | null;
  @TextColumn(16) state!: StoredCallbackState;
  @TextColumn(16, { default: 'callback' }) origin!: CallbackOrigin;
  @TextColumn(64, NULLABLE) appId!: string | null;
  /** Push domain. */
  @TextColumn(255, NULLABLE) domain!: string | null;
  /** Push path (AppName). */
  @TextColumn(255, NULLABLE) path!: string | null;
  @TextColumn(255, NULLABLE) streamName!: string | null;
  /** Identifies one push; text, because it has up to 64 bit. */
  @TextColumn(64, NULLABLE) sequence!: string | null;
  /** When it happened, as the sender says. */
  @TimeColumn(NULLABLE) occurredAt!: Date | null;
  /** When the first copy arrived. */
  @TimeColumn() receivedAt!: Date;
  /** When the latest copy arrived. */
  @TimeColumn() lastReceivedAt!: Date;
  /** How often CSS delivered it. */
  @IntColumn() receiptsCount!: number;
  /** Another body with the same identity was stored before this one. */
  @Column({ type: Boolean }) conflicting!: boolean;
  /** Digest of the payload without `t` and `sign`, written as a UUID; unique. */
  @DigestColumn() contentDigest!: string;
  /** Digest of the natural fields of the kind. */
  @DigestColumn() identityDigest!: string;
  /** Oddities that did not prevent acceptance, a JSON array of lines. */
  @LinesColumn() warnings!: string[] | null;
  /** Why a quarantined callback does not fit its DTO, a JSON array of lines. */
  @LinesColumn() errors!: string[] | null;
  @TextColumn(64, NULLABLE) remoteAddress!: string | null;
  /** Span of the request, as `traceparent` of W3C Trace Context says it; null where nobody traces. */
  @TextColumn(55, NULLABLE) traceparent!: string | null;
  /** The body exactly as received, byte for byte. Null once purged. */
  @Column({ type: 'text', nullable: true }) body!: string | null;
  /** `base64` for a body that is not JSON and holds what no text can; all others are `utf8`. */
  @TextColumn(8) bodyEncoding!: BodyEncoding;
  /** Database time at which a purge dropped body, errors, warnings and remote address. */
  @TimeColumn(NULLABLE) bodyPurgedAt!: Date | null;
  /** Database time at which somebody last had it replayed, requeued or discarded. */
  @TimeColumn(NULLABLE) reviewedAt!: Date | null;
  /** Database time at which it was last discarded. */
  @TimeColumn(NULLABLE) discardedAt!: Date | null;
  @TextColumn(500, NULLABLE) discardReason!: string | null;
  @TextColumn(190, NULLABLE) discardActor!: string | null;
  /** Database time at which the audit API last showed the body with its secrets. */
  @TimeColumn(NULLABLE) revealedAt!: Date | null;
  @TextColumn(190, NULLABLE) revealActor!: string | null;
  /** How often it did. */
  @IntColumn({ default: 0 }) revealsCount!: number;
  /** Why, and at whose request, the body was erased at `bodyPurgedAt`; null where it was its age. */
  @TextColumn(500, NULLABLE) eraseReason!: string | null;
  @TextColumn(190, NULLABLE) eraseActor!: string | null;
}
