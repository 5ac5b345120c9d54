import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** One effect of the transactional listener, in the database that is taken away. */
@Entity('fault_effect')
export class FaultEffect {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ name: 'callback_id', type: 'varchar', length: 36 })
  callbackId!: string;
}
