import { Entity } from 'typeorm';

import { KeyColumn, TextColumn, TimeColumn } from './columns.js';

/** Trouble that was told of and lasts, so that it is told once, however many nodes there are. */
@Entity({ name: 'live_alert', synchronize: false })
export class LiveAlert {
  /** Name of the registration that has it. */
  @KeyColumn(48) registration!: string;
  @KeyColumn(48) alert!: string;
  /** Id of the listener that has it; empty where it is none's. */
  @KeyColumn(190) listener!: string;
  @TimeColumn() beganAt!: Date;
  /** Process that has told of it. */
  @TextColumn(36) teller!: string;
}
