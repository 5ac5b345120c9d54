/** A node whose listener notes how long each callback took to reach its end. */
import 'reflect-metadata';

import { BullModule } from '@nestjs/bullmq';
import { Injectable, Module } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import { LiveCallbackBullModule } from '../../src/bullmq/index.js';
import { LiveCallbackModule, OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { msSinceDue } from '../load/due.time.js';
import { serveNest } from './application.js';
import { counted, readSettings } from './child.js';
import { countStatements } from './statement.counter.js';

const settings = readSettings();
const { key: keys, database, role, redis } = settings;
const delays: number[] = [];
countStatements();

@Injectable()
class TimedListener {
  @OnLiveEvent('*', { id: 'listener-1' })
  onEvent({ raw }: LiveEvent): void {
    counted.handled++;
    delays.push(msSinceDue(raw));
  }
}

@Module({
  imports: [
    LiveCallbackModule.forRoot({ keys, role, database: database as DataSourceOptions }),
    ...(redis ? [BullModule.forRoot(redis), LiveCallbackBullModule.register({})] : []),
  ],
  providers: [TimedListener],
})
class DeliveryModule {}

await serveNest(DeliveryModule, settings, () => ({
  /** The delays since this was asked last, ms. */
  takeDelays: () => delays.splice(0),
}));
