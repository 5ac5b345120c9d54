import { Body, Controller, Get, Param, Post, ValidationPipe } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LiveSessions } from 'nestjs-live-callback';
import type { Repository } from 'typeorm';

import { Broadcast } from './broadcast.entity.js';
import { CreateRoomDto } from './create-room.dto.js';
import { Room } from './room.entity.js';

@Controller('rooms')
export class RoomsController {
  constructor(
    @InjectRepository(Room) private readonly rooms: Repository<Room>,
    @InjectRepository(Broadcast) private readonly broadcasts: Repository<Broadcast>,
    private readonly sessions: LiveSessions,
  ) {}

  @Post()
  open(@Body(new ValidationPipe({ whitelist: true })) room: CreateRoomDto) {
    return this.rooms.save(room);
  }

  /** All rooms, and since when those that are live are. */
  @Get()
  async list() {
    const rooms = await this.rooms.find({ order: { name: 'ASC' } });
    const { items } = await this.sessions.live({}, { limit: 100 });
    const since = new Map(items.map(({ stream, startedAt }) => [stream.name, startedAt]));
    return rooms.map(({ name, title }) => ({ name, title, liveSince: since.get(name) ?? null }));
  }

  @Get(':name/broadcasts')
  history(@Param('name') room: string) {
    return this.broadcasts.find({ where: { room }, order: { startedAt: 'DESC' }, take: 100 });
  }
}
