import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A line of the ledger. What a session costs is the sum of its lines. */
@Entity('billing_entry')
export class BillingEntry {
  /** Of the event that it was written for. */
  @PrimaryColumn({ type: 'varchar' })
  eventId!: string;

  @Column({ type: 'varchar' })
  sessionId!: string;

  @Column({ type: 'varchar' })
  room!: string;

  /** Negative where too many were billed before. */
  @Column({ type: 'integer' })
  minutes!: number;
}
