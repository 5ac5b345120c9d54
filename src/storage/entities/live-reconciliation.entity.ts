import { Entity } from 'typeorm';

import { KeyColumn, NULLABLE, TextColumn, TimeColumn } from './columns.js';

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
}
