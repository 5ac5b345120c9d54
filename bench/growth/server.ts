/** This module on a table that was filled before, which answers how long its questions take. */
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import { CallbackDatabase } from '../../src/audit/index.js';
import { LiveCallbackModule } from '../../src/index.js';
import { serveNest } from '../contenders/application.js';
import { readSettings } from '../contenders/child.js';
import { countingListeners } from '../contenders/counting.listeners.js';
import type { Filling } from './filling.js';
import { explain } from './plans.js';
import { PURGE, questionsTo } from './questions.js';
import { StatementRecorder } from './statement.recorder.js';

/** A question that takes long is asked less often. */
const MAX_RUNS = 20;
const PURGE_RUNS = 2;
const ENOUGH_MS = 2_000;

const settings = readSettings();
const recorder = new StatementRecorder();

@Module({
  imports: [
    LiveCallbackModule.forRoot({
      keys: settings.key,
      database: {
        ...(settings.database as DataSourceOptions),
        logging: ['query'],
        logger: recorder,
      },
    }),
  ],
  providers: countingListeners(settings),
})
class GrowthModule {}

await serveNest(GrowthModule, settings, (app) => {
  const questions = (filling: Filling) => questionsTo(app, filling);
  return {
    names: (filling: Filling) => Object.keys(questions(filling)),

    /** How long a question takes, ms, several times over. */
    async time({ name, filling }: { name: string; filling: Filling }): Promise<number[]> {
      const times: number[] = [];
      const startedAt = performance.now();
      const runs = name === PURGE ? PURGE_RUNS : MAX_RUNS;
      while (times.length < runs && performance.now() - startedAt < ENOUGH_MS) {
        const begin = performance.now();
        await questions(filling)[name]?.();
        times.push(performance.now() - begin);
      }
      return times;
    },

    /** The plans of the statements of a question, as text. */
    async plan({ name, filling }: { name: string; filling: Filling }): Promise<string> {
      const { dataSource } = app.get(CallbackDatabase, { strict: false });
      const statements = await recorder.during(async () => questions(filling)[name]?.());
      return explain(dataSource, statements);
    },
  };
});
