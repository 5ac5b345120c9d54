import { EventEmitter } from 'node:events';

import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';

import { readSettings } from '../child.js';
import { PushDto } from './push.dto.js';
import { Push } from './push.entity.js';
import { SignatureGuard } from './signature.guard.js';

const { writing } = readSettings();

/** Stores, tells, answers. */
@Controller('live-callback')
@UseGuards(SignatureGuard)
export class PushController {
  constructor(
    @InjectRepository(Push) private readonly pushes: Repository<Push>,
    private readonly events: EventEmitter,
  ) {}

  @Post()
  @HttpCode(200)
  async receive(@Body() payload: PushDto) {
    await this.store(payload);
    this.events.emit('push', payload);
    return { code: 0 };
  }

  private store(payload: PushDto): Promise<unknown> {
    const { event_type, app, appname, stream_id, sequence, event_time } = payload;
    const row = {
      eventType: event_type,
      app,
      appname,
      streamId: stream_id,
      sequence,
      eventTime: event_time,
      payload,
    };
    if (writing === 'insert') return this.pushes.insert(row);
    return this.pushes.save(this.pushes.create(row));
  }
}
