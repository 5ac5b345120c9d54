import { Entity } from 'typeorm';

import type { EvidenceSource, SessionState } from '../../events/session-event.js';
import {
  DigestColumn,
  IntColumn,
  KeyColumn,
  LongColumn,
  NULLABLE,
  TextColumn,
  TimeColumn,
} from './columns.js';

/** Pushes of one stream whose gaps are at most the reconnect window. */
@Entity({ name: 'live_session', synchronize: false })
export class LiveSession {
  /** That of its first push. */
  @KeyColumn(36) id!: string;
  /** Name of the registration that knows of it. */
  @TextColumn(48) registration!: string;
  /** Digest of registration, domain, path and stream name. */
  @DigestColumn() streamKey!: string;
  @TextColumn(64, NULLABLE) appId!: string | null;
  /** Push domain. */
  @TextColumn(255, NULLABLE) domain!: string | null;
  /** Push path (AppName). */
  @TextColumn(255, NULLABLE) path!: string | null;
  @TextColumn(255, NULLABLE) streamName!: string | null;
  @TextColumn(16) state!: SessionState;
  @TimeColumn() startedAt!: Date;
  @TextColumn(16) startedBy!: EvidenceSource;
  /** When its last push ended; null while it is live. */
  @TimeColumn(NULLABLE) interruptedAt!: Date | null;
  @TextColumn(16, NULLABLE) endedBy!: EvidenceSource | null;
  /** Why its last push ended; null while it is live, and where nobody has said. */
  @IntColumn(NULLABLE) errcode!: number | null;
  /** Until when a push that starts is part of it. */
  @TimeColumn() untilAt!: Date;
  /** The latest time at which anything is known of it. */
  @TimeColumn() lastConfirmedAt!: Date;
  @IntColumn() pushesCount!: number;
  /** How many of its pushes are open. */
  @IntColumn() openCount!: number;
  /** How many of these are missing from what is live in the cloud. */
  @IntColumn({ default: 0 }) unconfirmedCount!: number;
  /** How long it was pushed, ms, without the stretch that is going on. */
  @LongColumn() uptimeMs!: number;
  /** Beginning of the stretch that is going on. */
  @TimeColumn(NULLABLE) liveSince!: Date | null;
  /** How long it was silent between its pushes, ms. */
  @LongColumn() gapMs!: number;
  @IntColumn() reconnects!: number;
  @IntColumn() peakConcurrentPushes!: number;
  /** Of its latest push that says so, px. */
  @IntColumn(NULLABLE) width!: number | null;
  @IntColumn(NULLABLE) height!: number | null;
}
