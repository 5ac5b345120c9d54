import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Broadcast } from './broadcast.entity.js';
import { BroadcastsListener } from './broadcasts.listener.js';
import { Room } from './room.entity.js';
import { RoomsController } from './rooms.controller.js';

@Module({
  imports: [TypeOrmModule.forFeature([Room, Broadcast])],
  controllers: [RoomsController],
  providers: [BroadcastsListener],
})
export class RoomsModule {}
