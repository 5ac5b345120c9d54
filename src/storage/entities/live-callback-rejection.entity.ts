import { Entity } from 'typeorm';

import { IntColumn, KeyColumn, NULLABLE, TextColumn, TimeColumn } from './columns.js';

/** Refused requests of one minute that share reason and remote address. Holds no key and no sign. */
@Entity({ name: 'live_callback_rejection', synchronize: false })
export class LiveCallbackRejection {
  /** Time-ordered UUID of the first of them. */
  @KeyColumn(36) id!: string;
  /** Name of the registration that refused them. */
  @TextColumn(48) registration!: string;
  /** Stable reason code. */
  @TextColumn(48) reason!: string;
  @IntColumn() count!: number;
  /** Null when more addresses were refused in the minute than are told apart. */
  @TextColumn(64, NULLABLE) remoteAddress!: string | null;
  /** Beginning of the first body, with secrets masked. */
  @TextColumn(512, NULLABLE) excerpt!: string | null;
  @TimeColumn() firstAt!: Date;
  @TimeColumn() lastAt!: Date;
}
