import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What moderation found in a picture: for those who review it, or have to answer for it. */
@Entity('verdict')
export class Verdict {
  /** Of the event that told of it. */
  @PrimaryColumn({ type: 'varchar' })
  eventId!: string;

  @Column({ type: 'varchar' })
  room!: string;

  /** `Block`, `Review` or `Pass`. */
  @Column({ type: 'varchar', nullable: true })
  suggestion!: string | null;

  /** Such as `Porn`. */
  @Column({ type: 'varchar', nullable: true })
  label!: string | null;

  /** URL of the picture. */
  @Column({ type: 'varchar', nullable: true })
  picture!: string | null;

  @Column({ type: Date })
  foundAt!: Date;
}
