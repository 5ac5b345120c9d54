/** This module with everything on: verification, DTO, dedupe, durable rows, delivery, completion. */
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import { LiveCallbackModule, LiveSessions } from '../../src/index.js';
import { serveNest } from './application.js';
import { readSettings } from './child.js';
import { countingListeners } from './counting.listeners.js';
import { countStatements } from './statement.counter.js';

const settings = readSettings();
countStatements();

@Module({
  imports: [
    LiveCallbackModule.forRoot({
      keys: settings.key,
      database: settings.database as DataSourceOptions,
      ...(settings.sessions && { sessions: {} }),
    }),
  ],
  providers: countingListeners(settings),
})
class BenchModule {}

await serveNest(BenchModule, settings, (app) => ({
  /** How long the first page of who is live takes, ms. */
  livePage: async () => {
    const startedAt = performance.now();
    const { items } = await app.get(LiveSessions).live({}, { limit: 100 });
    return { ms: performance.now() - startedAt, rows: items.length };
  },
}));
