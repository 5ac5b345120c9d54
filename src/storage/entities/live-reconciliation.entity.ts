import { Entity } from 'typeorm';

import { KeyColumn, NULLABLE, TextColumn, TimeColumn } from './columns.js';

/** Why not all could be asked: the cloud does not admit the key, or something else went wrong. */
export type ReconciliationFailure = 'refused' | 'failing';

/** Who compares a registration with what the cloud knows, and how far that has got. */
@Entity({ name: 'live_reconciliation', synchronize: false })
export class LiveReconciliation {
  @KeyColumn(48) registration!: string;
  /** Process that does it. */
  @TextColumn(36) owner!: string;
  /** Until when nobody else does, by the clock of the database. */
  @TimeColumn() leaseUntil!: Date;
  /** Pushes that ended before have been compared; null before the first time. */
  @TimeColumn(NULLABLE) watermarkAt!: Date | null;
  /** When it last looked back further than it has to. */
  @TimeColumn(NULLABLE) deepAt!: Date | null;
  /** When it was last at work, by the clock of the process. */
  @TimeColumn(NULLABLE) aliveAt!: Date | null;
  /** Since when nobody was, as long as that is not made up for. */
  @TimeColumn(NULLABLE) gapFrom!: Date | null;
  /** When it last had compared all there was, by the same clock; it begins with its first row. */
  @TimeColumn(NULLABLE) caughtUpAt!: Date | null;
  /** What went wrong in the latest comparison; null for one that went well. */
  @TextColumn(16, NULLABLE) failure!: ReconciliationFailure | null;
}
