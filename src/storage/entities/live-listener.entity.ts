import { Entity } from 'typeorm';

import { KeyColumn, NULLABLE, TextColumn, TimeColumn } from './columns.js';

/** What holds a listener up, on all nodes. Only those have a row that were held up once. */
@Entity({ name: 'live_listener', synchronize: false })
export class LiveListener {
  /** Name of the registration whose events it gets. */
  @KeyColumn(48) registration!: string;
  /** Stable id of the listener. */
  @KeyColumn(190) listener!: string;
  /** Since when it is paused; null while it is not. */
  @TimeColumn(NULLABLE) pausedAt!: Date | null;
  /** When somebody last paused or resumed it; null when nobody ever has. */
  @TimeColumn(NULLABLE) changedAt!: Date | null;
  @TextColumn(500, NULLABLE) changeReason!: string | null;
  @TextColumn(190, NULLABLE) changeActor!: string | null;
  /** Since when its circuit breaker is open; null while it is closed. */
  @TimeColumn(NULLABLE) openedAt!: Date | null;
  /** Error of the attempt that opened it last. */
  @TextColumn(1000, NULLABLE) openError!: string | null;
  /** When the next attempt at an event may be made to see whether it works again. */
  @TimeColumn(NULLABLE) probeAt!: Date | null;
}
