import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One time that a room was live: a row per session. */
@Entity('broadcast')
export class Broadcast {
  @PrimaryColumn({ type: 'varchar' })
  sessionId!: string;

  @Column({ type: 'varchar' })
  room!: string;

  @Column({ type: Date })
  startedAt!: Date;

  /** Null while it goes on. */
  @Column({ type: Date, nullable: true })
  endedAt!: Date | null;

  /** Such as `interrupt.kicked`; null while it goes on, and where nobody has said. */
  @Column({ type: 'varchar', nullable: true })
  endReason!: string | null;
}
