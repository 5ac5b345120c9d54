import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

import type { PushDto } from './push.dto.js';

/** One row per request; duplicates are not looked for. */
@Entity('push')
export class Push {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'int' })
  eventType!: number;

  @Column({ type: 'varchar', length: 255 })
  app!: string;

  @Column({ type: 'varchar', length: 255 })
  appname!: string;

  @Index()
  @Column({ type: 'varchar', length: 255 })
  streamId!: string;

  @Column({ type: 'varchar', length: 64 })
  sequence!: string;

  @Column({ type: 'int' })
  eventTime!: number;

  @Column({ type: 'jsonb' })
  payload!: PushDto;

  @CreateDateColumn()
  createdAt!: Date;
}
