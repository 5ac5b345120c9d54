import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

import { readSettings } from '../child.js';
import type { PushDto } from './push.dto.js';

const { type } = readSettings().database as { type: string };
/** The type of JSON that is the usual one on each database. */
const JSON_TYPE = type === 'postgres' ? 'jsonb' : type === 'mariadb' ? 'json' : 'simple-json';

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

  @Column({ type: JSON_TYPE })
  payload!: PushDto;

  @CreateDateColumn()
  createdAt!: Date;
}
