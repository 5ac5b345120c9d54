import { Controller, Get } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';

import { Verdict } from './verdict.entity.js';

@Controller('verdicts')
export class ModerationController {
  constructor(@InjectRepository(Verdict) private readonly verdicts: Repository<Verdict>) {}

  @Get()
  list() {
    return this.verdicts.find({ order: { foundAt: 'DESC' }, take: 100 });
  }
}
