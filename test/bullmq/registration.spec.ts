/** Registering LiveCallbackBullModule, and what is refused at the start, with what to write instead. */
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import type { DynamicModule } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';

import { LiveCallbackBullModule } from '../../src/bullmq/index.js';
import { loadOptional } from '../../src/bullmq/optional-packages.js';
import { LiveCallbackModule } from '../../src/index.js';
import { KEY, startWith } from '../support/application.js';
import { isRedisAbsent } from '../support/redis.js';
import { errorOfStart, scratchDatabase, scratchHostWith } from '../support/scratch.js';
import { openQueue, PATIENCE, push, scratchRedis } from './bull-host.js';
import { recorder } from './recorder.js';

const live = async () =>
  LiveCallbackModule.forRoot({ keys: KEY, database: await scratchDatabase() });

describe.skipIf(isRedisAbsent)('LiveCallbackBullModule', () => {
  it('takes options from a factory, a queue name, and the connection of a key', async () => {
    const redis = scratchRedis('orders.queue');
    const node = recorder();
    const host = await scratchHostWith(
      [
        BullModule.forRoot('live', redis),
        await live(),
        LiveCallbackBullModule.registerAsync({
          queue: 'orders.queue',
          configKey: 'live',
          useFactory: async () => ({ concurrency: 4 }),
        }),
      ],
      { module: { providers: [node.listener] } },
    );
    await push(host, 'room-1');
    const queue = openQueue(redis, 'orders.queue');
    await expect.poll(() => queue.getCompletedCount(), PATIENCE).toBe(1);
    expect(node.ids).toHaveLength(1);
    const own = host.app.get<Queue>(getQueueToken('orders.queue'), { strict: false });
    expect(own.qualifiedName).toBe(`${redis.prefix}:orders.queue`);
  });

  it.each<[string, () => DynamicModule, string]>([
    [
      'a name that BullMQ does not take',
      () => LiveCallbackBullModule.register({ queue: 'a:b' }),
      'queue must be a name of letters, digits and . _ - such as "live-callback".',
    ],
    [
      'a concurrency of nothing',
      () => LiveCallbackBullModule.register({ concurrency: 0 }),
      'concurrency must be an integer from 1 to 1000',
    ],
    [
      'an option that is none',
      () => LiveCallbackBullModule.register({ attempts: 3 } as object),
      'attempts is no option of LiveCallbackBullModule. Options: concurrency, queue, configKey.',
    ],
    [
      'a queue from a factory',
      () =>
        LiveCallbackBullModule.registerAsync({ useFactory: () => ({ queue: 'late' }) as object }),
      'queue must be known before a factory runs: move it beside useFactory.',
    ],
    [
      'the key of a connection that nobody has registered',
      () => LiveCallbackBullModule.register({ configKey: 'other' }),
      "add BullModule.forRoot('other', { connection: { host: 'localhost', port: 6379 } }) to the imports.",
    ],
  ])('refuses %s', async (_case, register, message) => {
    const start = async () =>
      startWith([BullModule.forRoot(scratchRedis()), await live(), register()], {});
    const error = await errorOfStart(start());
    expect(error).toMatchObject({ name: 'LiveCallbackBullError' });
    expect(error.message).toContain(message);
  });

  it('refuses to start without BullModule', async () => {
    const starting = startWith([await live(), LiveCallbackBullModule.register()], {});
    expect((await errorOfStart(starting)).message).toBe(
      "LiveCallbackBullModule uses the connection of BullModule, which has none: add BullModule.forRoot({ connection: { host: 'localhost', port: 6379 } }) to the imports.",
    );
  });

  it('refuses to start without LiveCallbackModule', async () => {
    const bull = BullModule.forRoot(scratchRedis());
    const starting = startWith([bull, LiveCallbackBullModule.register()], {});
    expect((await errorOfStart(starting)).message).toContain(
      'LiveCallbackModule, which is not imported: add LiveCallbackModule.forRoot({ … }) to the imports.',
    );
  });

  it('names a package that is missing, with the command that installs it', () => {
    expect(() => loadOptional('@nestjs/no-such-package')).toThrow(
      'nestjs-live-callback/bullmq needs the package @nestjs/no-such-package, which is not installed: npm install @nestjs/bullmq bullmq ioredis',
    );
  });
});
