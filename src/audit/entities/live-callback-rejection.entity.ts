import { Column, Entity, PrimaryColumn } from 'typeorm';

import { epoch } from './epoch.transformer.js';

/** Refused requests of one minute that share reason and remote address. Holds no key and no sign. */
@Entity({ name: 'live_callback_rejection', synchronize: false })
export class LiveCallbackRejection {
  /** Time-ordered UUID of the first of them. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** Stable reason code. */
  @Column({ type: 'varchar', length: 48 })
  reason!: string;

  @Column({ type: 'int' })
  count!: number;

  /** Null when more addresses were refused in the minute than are told apart. */
  @Column({ name: 'remote_address', type: 'varchar', length: 64, nullable: true })
  remoteAddress!: string | null;

  /** Beginning of the first body, with secrets masked. */
  @Column({ type: 'varchar', length: 512, nullable: true })
  excerpt!: string | null;

  @Column({ name: 'first_at', type: 'bigint', transformer: epoch })
  firstAt!: Date;

  @Column({ name: 'last_at', type: 'bigint', transformer: epoch })
  lastAt!: Date;
}
