import { Controller, Get, Query } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';

import { Recording } from './recording.entity.js';

@Controller('recordings')
export class RecordingsController {
  constructor(@InjectRepository(Recording) private readonly recordings: Repository<Recording>) {}

  /** The latest ones, of one room or of all. */
  @Get()
  list(@Query('room') room?: string) {
    return this.recordings.find({
      where: room ? { room } : {},
      order: { recordedAt: 'DESC' },
      take: 100,
    });
  }
}
