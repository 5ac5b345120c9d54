import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A room that somebody opened. Its streamer pushes under its name. */
@Entity('room')
export class Room {
  @PrimaryColumn({ type: 'varchar' })
  name!: string;

  @Column({ type: 'varchar' })
  title!: string;
}
