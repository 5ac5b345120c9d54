import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** One run of the plain listener, written outside any transaction: a witness of what really ran. */
@Entity('fault_run')
export class FaultRun {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ name: 'callback_id', type: 'varchar', length: 36 })
  callbackId!: string;

  @Column({ type: 'int' })
  attempt!: number;

  /** Which start of the process ran it. */
  @Column({ type: 'int' })
  life!: number;
}

/** One effect of the transactional listener. */
@Entity('fault_effect')
export class FaultEffect {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ name: 'callback_id', type: 'varchar', length: 36 })
  callbackId!: string;
}
