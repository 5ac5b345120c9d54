import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A file to watch again. */
@Entity('recording')
export class Recording {
  /** Of the event that told of it, of which there is one per file. */
  @PrimaryColumn({ type: 'varchar' })
  eventId!: string;

  @Column({ type: 'varchar' })
  room!: string;

  @Column({ type: 'varchar', nullable: true })
  url!: string | null;

  @Column({ type: 'integer', nullable: true })
  seconds!: number | null;

  @Column({ type: Date })
  recordedAt!: Date;
}
