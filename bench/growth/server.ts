/** This module on a table that was filled before, which answers how long its questions take. */
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { LiveCallbackModule } from '../../src/index.js';
import { driverHandle } from '../../src/storage/connection/drivers/driver-handle.js';
import { IN_TIME } from '../../src/storage/connection/drivers/sqlite.reader.js';
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
      database: settings.database as DataSourceOptions,
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
      const database = app.get(CallbackDatabase, { strict: false });
      const { dataSource } = database;
      // Its connections inherit no logger, and those for questions are others.
      Object.assign(dataSource, { logger: recorder });
      // What the thread of questions asks for each row, and no plan depends on.
      if (dataSource.options.type === 'better-sqlite3') {
        driverHandle.sqlite(dataSource).function(IN_TIME.replace('()', ''), () => 1);
      }
      const read = (question: (at: typeof dataSource) => Promise<unknown>) => question(dataSource);
      Object.assign(database, { read });
      const statements = await recorder.during(async () => questions(filling)[name]?.());
      return explain(dataSource, statements);
    },
  };
});
