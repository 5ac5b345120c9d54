import { Column, Entity } from 'typeorm';

import type { EvidenceSource, PushState } from '../../events/session-event.js';
import { IntColumn, KeyColumn, NULLABLE, TextColumn, TimeColumn } from './columns.js';

/**
 * One push: one `sequence` of a stream. What its columns say follows from `facts`, which are what was
 * known of it, each from its best source.
 */
@Entity({ name: 'live_push', synchronize: false })
export class LivePush {
  /** Made of the registration, the stream and the sequence. */
  @KeyColumn(36) id!: string;
  /** Name of the registration that knows of it. */
  @TextColumn(48) registration!: string;
  /** Its session. */
  @TextColumn(36) sessionId!: string;
  @TextColumn(64) sequence!: string;
  @TextColumn(16) state!: PushState;
  @TimeColumn() startedAt!: Date;
  @TextColumn(16) startedBy!: EvidenceSource;
  /** Null while it is open. */
  @TimeColumn(NULLABLE) endedAt!: Date | null;
  @TextColumn(16, NULLABLE) endedBy!: EvidenceSource | null;
  /** Reason of its end; null where nobody has said. */
  @IntColumn(NULLABLE) errcode!: number | null;
  /** Of its picture, px. */
  @IntColumn(NULLABLE) width!: number | null;
  @IntColumn(NULLABLE) height!: number | null;
  @TextColumn(64, NULLABLE) appId!: string | null;
  /** What is known of it, as JSON. */
  @Column({ name: 'facts', type: 'simple-json' }) facts!: object;
}
