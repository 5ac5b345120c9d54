import { Entity } from 'typeorm';

import { KeyColumn, TimeColumn } from './columns.js';

/** Whoever changes sessions of a registration holds its row: one at a time. */
@Entity({ name: 'live_session_lock', synchronize: false })
export class LiveSessionLock {
  @KeyColumn(48) registration!: string;
  /** Receipt time of the latest event of a session; that of the next one is later. */
  @TimeColumn() lastEventAt!: Date;
}
