import { Controller, Get } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';

import { BillingEntry } from './billing-entry.entity.js';

@Controller('bills')
export class BillingController {
  constructor(@InjectRepository(BillingEntry) private readonly ledger: Repository<BillingEntry>) {}

  /** Minutes per room. */
  @Get()
  async list() {
    const rows = await this.ledger
      .createQueryBuilder('entry')
      .select('entry.room', 'room')
      .addSelect('SUM(entry.minutes)', 'minutes')
      .groupBy('entry.room')
      .orderBy('entry.room')
      .getRawMany<{ room: string; minutes: number | string }>();
    // PostgreSQL gives sums as text.
    return rows.map(({ room, minutes }) => ({ room, minutes: Number(minutes) }));
  }
}
