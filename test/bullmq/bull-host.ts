import { randomUUID } from 'node:crypto';

import { BullModule } from '@nestjs/bullmq';
import type { Provider } from '@nestjs/common';
import { Queue } from 'bullmq';
import type { DataSourceOptions } from 'typeorm';

import {
  LiveCallbackBullModule,
  type LiveCallbackBullModuleOptions,
} from '../../src/bullmq/index.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import {
  LiveCallbackAuditService,
  LiveCallbackModule,
  type LiveCallbackModuleOptions,
  type LiveCallbackRole,
} from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { onTestFinished } from '../support/current-test.js';
import { KEY, startWith, type Answer, type Host } from '../support/application.js';
import type { LogLines } from '../support/log-lines.js';
import { REDIS } from '../support/redis.js';

/** Redis as BullModule.forRoot takes it. */
export interface RedisPlace {
  readonly connection: { host?: string; port: number; password?: string };
  readonly prefix: string;
}

/** The Redis of the suite, with keys that only this test has; they go with the test. */
export function scratchRedis(name = 'live-callback'): RedisPlace {
  const place = { connection: REDIS, prefix: `live-callback-test-${randomUUID()}` };
  onTestFinished(async () => {
    // Without the mark that a queue leaves of itself.
    const queue = new Queue(name, { ...place, skipMetasUpdate: true });
    await queue.obliterate({ force: true });
    await queue.close();
  });
  return place;
}

/** The queue, as a dashboard sees it. */
export function openQueue(place: RedisPlace, name = 'live-callback'): Queue {
  const queue = new Queue(name, { ...place, skipMetasUpdate: true });
  queue.on('error', () => {}); // what it is told, the application is told too
  onTestFinished(() => queue.close());
  return queue;
}

export interface BullHost {
  readonly database: DataSourceOptions;
  readonly redis: RedisPlace;
  readonly listeners: readonly Provider[];
  readonly role?: LiveCallbackRole;
  readonly bull?: LiveCallbackBullModuleOptions;
  readonly logger?: LogLines;
  /** Further registrations. */
  readonly more?: readonly Partial<LiveCallbackModuleOptions>[];
}

/** A host whose listeners run on BullMQ. */
export async function startBullHost(host: BullHost): Promise<Host> {
  const { database, redis, listeners, role = 'all', bull = {}, logger, more = [] } = host;
  const started = await startWith(
    [
      BullModule.forRoot(redis),
      LiveCallbackModule.forRoot({ keys: KEY, database, role }),
      ...more.map((options) => LiveCallbackModule.forRoot({ keys: KEY, role, ...options })),
      LiveCallbackBullModule.register(bull),
    ],
    {
      module: { providers: [...listeners] },
      ...(logger && { application: { logger } }),
    },
  );
  onTestFinished(() => started.close());
  return started;
}

/** For what runs in other processes, or after a poll. */
export const PATIENCE = { timeout: 15_000 };

/** How many callbacks have a delivery that is neither done nor dead. */
export async function openOf({ app }: Host): Promise<number> {
  const audit = app.get(LiveCallbackAuditService, { strict: false });
  return (await audit.find({ delivery: 'pending' })).items.length;
}

/** As if the time had passed in which new deliveries are left to their jobs. */
export async function passGrace({ app }: Host): Promise<void> {
  await app
    .get(CallbackDatabase, { strict: false })
    .dataSource.query('UPDATE live_callback_delivery SET next_attempt_at = 1 WHERE attempts = 0');
}

/** Sends a push of a stream. */
export function push(host: Host, stream: string, sequence = 1, path?: string): Promise<Answer> {
  const callback = streamPushCallback({ stream_id: stream, sequence: String(sequence) });
  return host.send(signCallback(callback, { key: KEY }), path);
}
