/** Roles: a process that receives, one that runs listeners, and what each of them leaves out. */
import { Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DataSourceOptions } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  LiveCallbackAuditService,
  LiveCallbackModule,
  OnLiveEvent,
  type LiveEvent,
  type LiveCallbackRole,
} from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS, KEY } from '../support/application.js';
import { FEATURE_DATABASES } from '../support/databases.js';
import { errorOfStart, scratchDatabase, scratchHost } from '../support/scratch.js';

const PATIENCE = { timeout: 15_000 };

/** Two processes have two instances of the same class. */
function listener(): { Listener: Type; seen: LiveEvent[] } {
  const seen: LiveEvent[] = [];
  @Injectable()
  class Listener {
    @OnLiveEvent('*', { id: 'everything' })
    onAny(event: LiveEvent): void {
      seen.push(event);
    }
  }
  return { Listener, seen };
}

/** A process without HTTP. */
async function startWorker(database: DataSourceOptions, Listener: Type) {
  @Module({
    imports: [LiveCallbackModule.forRoot({ role: 'worker', database })],
    providers: [Listener],
  })
  class WorkerModule {}
  const app = await NestFactory.createApplicationContext(WorkerModule, {
    logger: false,
    abortOnError: false,
  });
  onTestFinished(() => app.close());
  return app;
}

describe.each(FEATURE_DATABASES)('on $name', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)(
    'a worker without HTTP and keys runs what the intake has stored',
    async () => {
      const database = await scratchDatabase(create);
      const [atIntake, atWorker] = [listener(), listener()];
      const intake = await scratchHost({
        database,
        options: { role: 'intake' },
        module: { providers: [atIntake.Listener] },
      });
      for (const sequence of ['1', '2', '3']) {
        const request = signCallback(streamPushCallback({ sequence }), { key: KEY });
        expect((await intake.send(request)).status).toBe(200);
      }
      const audit = intake.app.get(LiveCallbackAuditService, { strict: false });
      const { items } = await audit.find();
      expect((await audit.get(items[0]!.id))!.deliveries).toMatchObject([
        { listener: 'everything', state: 'pending', attempts: 0 },
      ]);
      await startWorker(database, atWorker.Listener);
      await expect.poll(() => atWorker.seen.length, PATIENCE).toBe(3);
      await expect
        .poll(async () => (await audit.find({ delivery: 'pending' })).items, PATIENCE)
        .toEqual([]);
      // Replays that are asked for at the intake run there too.
      await audit.replay(items[0]!.id, { reason: 'again', actor: 'ops' });
      await expect.poll(() => atWorker.seen.length, PATIENCE).toBe(4);
      expect(atWorker.seen.map(({ replay }) => replay?.reason ?? null)).toEqual([
        null,
        null,
        null,
        'again',
      ]);
      expect(atIntake.seen).toEqual([]);
    },
  );
});

describe.each(ADAPTERS)('on %s', (adapter) => {
  it('a worker with HTTP has no routes', async () => {
    const worker = await scratchHost({
      adapter,
      options: { role: 'worker', audit: { token: 'a-token-for-the-audit-api' } },
    });
    const request = signCallback(streamPushCallback(), { key: KEY });
    for (const path of ['/live-callback', '/live-callback/stream-push']) {
      expect((await worker.send(request, path)).status).toBe(404);
    }
    expect((await fetch(`${worker.url}/live-callback/audit/callbacks`)).status).toBe(404);
  });
});

describe('a role', () => {
  it('that does not exist is refused', async () => {
    const error = await errorOfStart(
      scratchHost({ options: { role: 'sender' as LiveCallbackRole } }),
    );
    expect(error.message).toBe('role must be "all", "intake" or "worker".');
  });

  it('is known before a factory runs', () => {
    // @ts-expect-error -- only a worker can do without keys
    const intake = () => LiveCallbackModule.forRoot({ role: 'intake' });
    expect(intake).toBeTypeOf('function');
    expect(LiveCallbackModule.forRoot({ role: 'worker' }).controllers).toEqual([]);
  });
});
