/**
 * What becomes of an event until a listener has handled it, on each database: retry with backoff,
 * dead letters, replay, timeouts, transactional listeners, and work that another process left.
 */
import { Injectable } from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, Entity, IsNull, Not, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import { DeliveryPoller } from '../../src/delivery/delivery.poller.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { DeliveryClaimer } from '../../src/storage/delivery.claimer.js';
import { DeliveryStore } from '../../src/storage/delivery.store.js';
import {
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackAuditService,
  LiveCallbackDelivery,
  LiveCallbackModule,
  NonRetryableError,
  OnLiveEvent,
  onLiveCallbackSignal,
  type LiveEvent,
  type LiveEventContext,
} from '../../src/index.js';
import {
  screenshotCallback,
  streamInterruptCallback,
  signCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, startHost, startWith, type Host } from '../support/application.js';
import { DATABASES, type TestDatabase } from '../support/databases.js';
import { scratchConnection, scratchDatabase } from '../support/scratch.js';

@Entity('broadcast')
class Broadcast {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 64 })
  sequence!: string;
}

const QUICK = { backoffMs: 10 } as const;

/** What the listeners of a test do with an event, and what they have seen. */
class Script {
  static act: (event: LiveEvent, context: LiveEventContext) => unknown = () => {};
  static seen: LiveEvent[] = [];
}

@Injectable()
class Scripted {
  @OnLiveEvent('stream-push', { id: 'scripted', attempts: 3, timeoutMs: 1_000, ...QUICK })
  async onPush(event: LiveEvent<'stream-push'>, context: LiveEventContext): Promise<void> {
    Script.seen.push(event);
    await Script.act(event, context);
  }

  @OnLiveEvent('stream-interrupt', { id: 'patient', ...QUICK })
  onInterrupt(event: LiveEvent<'stream-interrupt'>): void {
    Script.seen.push(event);
  }
}

@Injectable()
class Transactional {
  @OnLiveEvent('screenshot', { id: 'tx', attempts: 3, transactional: true, ...QUICK })
  async onScreenshot(event: LiveEvent<'screenshot'>, context: LiveEventContext): Promise<void> {
    Script.seen.push(event);
    await context.manager.save(Broadcast, { sequence: event.data.pic_url!.slice(-40) });
    await Script.act(event, context);
  }
}

@Injectable()
class Counter {
  constructor(@InjectDataSource() readonly host: DataSource) {}
}

describe.each(DATABASES)('with $name', ({ isAbsent, create }) => {
  describe.skipIf(isAbsent)('a delivery', () => {
    let database: TestDatabase;
    let host: Host;
    let audit: LiveCallbackAuditService;

    beforeAll(async () => {
      database = await create();
      host = await startWith(
        [
          TypeOrmModule.forRoot({
            ...database.options,
            entities: [Broadcast, ...LIVE_CALLBACK_ENTITIES],
            synchronize: true,
          }),
          LiveCallbackModule.forRoot({ keys: KEY }),
        ],
        { module: { providers: [Scripted, Transactional, Counter] } },
      );
      audit = host.app.get(LiveCallbackAuditService, { strict: false });
    });

    afterEach(() => {
      Script.act = () => {};
      Script.seen = [];
    });

    afterAll(async () => {
      await host?.close();
      await database?.drop();
    });

    async function send(callback: object) {
      expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
      await whenListenersDone(host.app);
      const { items } = await audit.find({ limit: 1 });
      return items[0]!.id;
    }

    const deliveryOf = async (id: string) => (await audit.get(id))!.deliveries[0]!;
    const rowOf = (callbackId: string) =>
      host.app
        .get(Counter)
        .host.getRepository(LiveCallbackDelivery)
        .findOneByOrFail({ callbackId });

    it('has a fresh lease when a further attempt begins, even if the old one has run out', async () => {
      const leases: (Date | null)[] = [];
      Script.act = async ({ id, attempt }) => {
        const rows = host.app.get(Counter).host.getRepository(LiveCallbackDelivery);
        if (attempt === 2) leases.push((await rowOf(id)).leaseUntil);
        if (attempt > 1) return;
        await rows.update({ callbackId: id }, { leaseUntil: new Date(1) });
        throw new Error('later');
      };
      const id = await send(streamPushCallback());
      await expect.poll(async () => (await deliveryOf(id)).state).toBe('done');
      expect(leases[0]?.getTime()).toBeGreaterThan(Date.now());
    });

    it('is not run again by its own process, whose lease ran out before the outcome was recorded', async () => {
      const { writer } = host.app.get(CallbackDatabase, { strict: false });
      const claim = vi.spyOn(host.app.get(DeliveryClaimer, { strict: false }), 'claim');
      const settle = writer.settle.bind(writer);
      let release = () => {};
      const gate = new Promise<void>((resolve) => (release = resolve));
      const settling = vi.spyOn(writer, 'settle').mockImplementation(async (outcomes) => {
        await gate;
        return settle(outcomes);
      });
      try {
        await host.send(signCallback(streamPushCallback(), { key: KEY }));
        await vi.waitFor(() => expect(settling).toHaveBeenCalled());
        const { id } = (await audit.find({ limit: 1 })).items[0]!;
        const rows = host.app.get(Counter).host.getRepository(LiveCallbackDelivery);
        await rows.update({ callbackId: id }, { leaseUntil: new Date(1) });
        claim.mockClear();
        const poller = host.app.get(DeliveryPoller, { strict: false });
        for (let polls = 0; polls < 2; polls++) await poller.pollNow();
        expect(claim.mock.calls.length).toBeGreaterThanOrEqual(2);
        release();
        await whenListenersDone(host.app);
        expect(await deliveryOf(id)).toMatchObject({ state: 'done', attempts: 1 });
        expect(Script.seen).toHaveLength(1);
      } finally {
        vi.restoreAllMocks();
      }
    });

    it('is tried again after a failure, and done when it succeeds', async () => {
      Script.act = ({ attempt }) => {
        if (attempt < 3) throw new Error(`no ${attempt}`);
      };
      const id = await send(streamPushCallback());
      await expect.poll(async () => (await deliveryOf(id)).state).toBe('done');
      expect(Script.seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(await deliveryOf(id)).toMatchObject({ attempts: 3, lastError: null });
    });

    it('becomes a dead letter after its attempts, with the error, and is signalled', async () => {
      const dead: unknown[] = [];
      const stop = onLiveCallbackSignal('dead', (message) => dead.push(message));
      Script.act = () => {
        throw new Error('never');
      };
      const id = await send(streamPushCallback());
      await expect.poll(async () => (await deliveryOf(id)).state).toBe('dead');
      stop();
      expect(Script.seen).toHaveLength(3);
      expect(await deliveryOf(id)).toMatchObject({ attempts: 3, lastError: 'Error: never' });
      expect(dead).toEqual([
        { id, kind: 'stream-push', listener: 'scripted', attempt: 3, error: 'Error: never' },
      ]);
      expect((await audit.find({ delivery: 'dead' })).items[0]).toMatchObject({ id });
    });

    it('is given up at once when the listener says that trying again is of no use', async () => {
      Script.act = () => {
        throw new NonRetryableError('broken');
      };
      const id = await send(streamPushCallback());
      expect(await deliveryOf(id)).toMatchObject({ state: 'dead', attempts: 1 });
    });

    it('fails when the listener takes too long, and its signal aborts', async () => {
      const aborted: boolean[] = [];
      Script.act = ({ attempt }, { signal }) =>
        attempt > 1
          ? undefined
          : new Promise(() => {
              signal.addEventListener('abort', () => aborted.push(true));
            });
      const id = await send(streamPushCallback());
      await expect.poll(async () => (await deliveryOf(id)).state).toBe('done');
      expect(aborted).toEqual([true]);
      expect(Script.seen).toHaveLength(2);
    });

    it('holds up the later events of its stream while it waits, and no others', async () => {
      Script.act = ({ data, attempt }) => {
        if ((data as { sequence: string }).sequence === '1' && attempt === 1)
          throw new Error('later');
      };
      await send(streamPushCallback({ stream_id: 'a', sequence: '1' }));
      await send(streamPushCallback({ stream_id: 'a', sequence: '2' }));
      await send(streamPushCallback({ stream_id: 'b', sequence: '3' }));
      await expect.poll(() => Script.seen.length).toBe(4);
      const order = Script.seen.map(({ data }) => (data as { sequence: string }).sequence);
      expect(order.filter((sequence) => sequence !== '3')).toEqual(['1', '1', '2']);
    });

    it('that is dead or done is run again by a replay, which the listener can see', async () => {
      Script.act = () => {
        throw new NonRetryableError('first');
      };
      const id = await send(streamPushCallback());
      Script.act = () => {};
      const why = { reason: 'fixed the listener', actor: 'ops' };
      expect(await audit.replay(id, why)).toEqual([
        { callbackId: id, listener: 'scripted', attempt: 2 },
      ]);
      await expect.poll(async () => (await deliveryOf(id)).state).toBe('done');
      expect(Script.seen.map(({ replay }) => replay && { ...replay, at: undefined })).toEqual([
        null,
        { ...why, at: undefined },
      ]);
      expect(await audit.replay({ delivery: 'done', stream: 'nobody' }, why)).toEqual([]);
      await audit.replay(id, { ...why, listeners: ['scripted'] });
      await expect.poll(() => Script.seen.length).toBe(3);
      await expect.poll(async () => (await deliveryOf(id)).state).toBe('done');
      // Of another kind: it would not know what it gets.
      expect(await audit.replay(id, { ...why, listeners: ['tx', 'tx'] })).toEqual([]);
      await expect(audit.replay(id, { ...why, listeners: ['nobody'] })).rejects.toThrow(
        'listeners must be a list of ids of listeners that exist',
      );
      await expect(audit.replay(id, { ...why, reason: ' ' })).rejects.toThrow('reason must be');
    });

    it('of a transactional listener takes effect exactly once, although it fails twice', async () => {
      const { host: dataSource } = host.app.get(Counter);
      const before = await dataSource.getRepository(Broadcast).count();
      Script.act = ({ attempt }) => {
        if (attempt < 3) throw new Error('rolled back');
      };
      const id = await send(screenshotCallback());
      await expect.poll(async () => (await deliveryOf(id)).state).toBe('done');
      expect(Script.seen).toHaveLength(3);
      expect(await dataSource.getRepository(Broadcast).count()).toBe(before + 1);
    });

    it('whose lease was lost leaves nothing behind in its transaction', async () => {
      const { host: dataSource } = host.app.get(Counter);
      const before = await dataSource.getRepository(Broadcast).count();
      let isFirst = true;
      Script.act = async (event, { manager }) => {
        if (!isFirst) return;
        isFirst = false;
        // As if another process had taken over: the completion must find nothing to complete.
        await manager.update(LiveCallbackDelivery, { callbackId: event.id }, { fence: 99 });
      };
      const id = await send(screenshotCallback());
      await expect.poll(async () => (await deliveryOf(id)).state).toBe('done');
      expect(Script.seen).toHaveLength(2);
      expect(await dataSource.getRepository(Broadcast).count()).toBe(before + 1);
    });

    it('that a dead process left behind is resumed, with its attempt counted', async () => {
      const id = await send(streamPushCallback());
      const { host: dataSource } = host.app.get(Counter);
      await dataSource
        .getRepository(LiveCallbackDelivery)
        .update(
          { callbackId: id },
          { state: 'pending', leaseOwner: 'a-dead-process', leaseUntil: new Date(1), fence: 7 },
        );
      await expect.poll(async () => (await deliveryOf(id)).state, { timeout: 5_000 }).toBe('done');
      expect(await rowOf(id)).toMatchObject({ attempts: 2, fence: 8, leaseOwner: null });
    });

    it('is not taken from a process that still holds it', async () => {
      const id = await send(streamPushCallback());
      const { host: dataSource } = host.app.get(Counter);
      const held = { state: 'pending', leaseOwner: 'another-process', fence: 7 } as const;
      await dataSource
        .getRepository(LiveCallbackDelivery)
        .update({ callbackId: id }, { ...held, leaseUntil: new Date(Date.now() + 600_000) });
      const later = await send(streamPushCallback());
      expect(await rowOf(id)).toMatchObject({ ...held, attempts: 1 });
      // And the next one of the stream waits for it, although it came to this process.
      expect(await rowOf(later)).toMatchObject({ state: 'pending', leaseOwner: null, attempts: 0 });
      await dataSource
        .getRepository(LiveCallbackDelivery)
        .update({ callbackId: id }, { leaseUntil: new Date(1) });
      await expect
        .poll(async () => (await deliveryOf(later)).state, { timeout: 5_000 })
        .toBe('done');
      expect(Script.seen.map((event) => event.id)).toEqual([id, id, later]);
    });

    it('that ended the process in each attempt is a dead letter', async () => {
      const id = await send(streamPushCallback());
      const { host: dataSource } = host.app.get(Counter);
      await dataSource
        .getRepository(LiveCallbackDelivery)
        .update({ callbackId: id }, { state: 'pending', attempts: 3, fence: 7 });
      await expect.poll(async () => (await deliveryOf(id)).state, { timeout: 5_000 }).toBe('dead');
      expect(Script.seen).toHaveLength(1);
      expect(await deliveryOf(id)).toMatchObject({
        lastError: 'The process ended during each attempt',
      });
    });

    it.each([
      { what: 'is a dead letter after five, whatever attempts its listener has', lastError: null },
      { what: 'goes on where it has failed before', lastError: 'the service is away' },
    ])('that ended the process in each attempt $what', async ({ lastError }) => {
      const id = await send(streamInterruptCallback());
      await expect.poll(async () => (await deliveryOf(id)).state).toBe('done');
      const { host: dataSource } = host.app.get(Counter);
      await dataSource
        .getRepository(LiveCallbackDelivery)
        .update({ callbackId: id }, { state: 'pending', attempts: 5, fence: 7, lastError });
      const ended = lastError === null ? 'dead' : 'done';
      await expect.poll(async () => (await deliveryOf(id)).state, { timeout: 5_000 }).toBe(ended);
      expect(Script.seen).toHaveLength(lastError === null ? 1 : 2);
    });

    it('of a listener that no longer exists stays visible', async () => {
      const id = await send(streamPushCallback());
      const { host: dataSource } = host.app.get(Counter);
      await dataSource
        .getRepository(LiveCallbackDelivery)
        .update({ callbackId: id }, { state: 'pending', listener: 'removed' });
      await whenListenersDone(host.app);
      expect((await audit.find({ delivery: 'pending' })).items).toContainEqual(
        expect.objectContaining({ id }),
      );
    });
  });

  describe.skipIf(isAbsent)('a shutdown', () => {
    afterEach(() => {
      Script.act = () => {};
      Script.seen = [];
    });

    /** Closes a host while its listener runs, and has the listener end once nothing more is started. */
    async function closeDuringRun(host: Host, endRun: () => void): Promise<void> {
      const closing = host.close();
      // Once the server has closed, nothing more is started.
      const isClosed = () =>
        fetch(host.url).then(
          () => false,
          () => true,
        );
      await expect.poll(isClosed).toBe(true);
      setTimeout(endRun, 100);
      await closing;
    }

    it('gives back what has not begun, and the next process resumes it', async () => {
      const database = await create();
      let release = () => {};
      Script.act = () => new Promise<void>((resolve) => (release = resolve));
      const start = () =>
        startHost({ database: database.options, module: { providers: [Scripted] } });
      const first = await start();
      for (const sequence of ['1', '2', '3']) {
        await first.send(signCallback(streamPushCallback({ sequence }), { key: KEY }));
      }
      await expect.poll(() => Script.seen.length).toBe(1);
      await closeDuringRun(first, release);
      expect(Script.seen).toHaveLength(1);

      Script.act = () => {};
      const begin = vi.spyOn(DeliveryStore.prototype, 'begin');
      onTestFinished(() => begin.mockRestore());
      const second = await start();
      await expect.poll(() => Script.seen.length, { timeout: 5_000 }).toBe(3);
      await whenListenersDone(second.app);
      expect(
        Script.seen.map(({ attempt, data }) => [(data as { sequence: string }).sequence, attempt]),
      ).toEqual([
        ['1', 1],
        ['2', 1],
        ['3', 1],
      ]);
      // Their attempts were counted when they were taken over, all by one statement.
      expect(begin).not.toHaveBeenCalled();
      await second.close();
      await database.drop();
    });

    it('gives back what fails meanwhile, to be tried when it is due and not when its lease has run out', async () => {
      const database = await scratchDatabase(create);
      let fail = () => {};
      Script.act = () => new Promise<void>((_, reject) => (fail = () => reject(new Error('away'))));
      const host = await startHost({ database, module: { providers: [Scripted] } });
      await host.send(signCallback(streamPushCallback(), { key: KEY }));
      await expect.poll(() => Script.seen.length).toBe(1);
      await closeDuringRun(host, () => fail());
      const rows = (
        await scratchConnection({ ...database, entities: [...LIVE_CALLBACK_ENTITIES] })
      ).getRepository(LiveCallbackDelivery);
      expect(await rows.find()).toEqual([
        expect.objectContaining({
          state: 'pending',
          attempts: 1,
          lastError: 'Error: away',
          leaseOwner: null,
        }),
      ]);
    });

    it('gives back what may have ended the process before, and whose turn has not come', async () => {
      const database = await scratchDatabase(create);
      const rows = (
        await scratchConnection({ ...database, entities: [...LIVE_CALLBACK_ENTITIES] })
      ).getRepository(LiveCallbackDelivery);
      const start = () => startHost({ database, module: { providers: [Scripted] } });
      Script.act = () => {};
      const first = await start();
      for (const stream of ['one', 'two']) {
        await first.send(signCallback(streamPushCallback({ stream_id: stream }), { key: KEY }));
      }
      await whenListenersDone(first.app);
      await first.close();
      await rows.update({ state: 'done' }, { state: 'pending', attempts: 2, finishedAt: null });
      Script.seen = [];

      let end = () => {};
      Script.act = () => new Promise<void>((resolve) => (end = resolve));
      const second = await start();
      await expect.poll(() => Script.seen.length).toBe(1);
      await expect.poll(() => rows.countBy({ leaseOwner: Not(IsNull()) })).toBe(2);
      await closeDuringRun(second, () => end());
      expect(Script.seen).toHaveLength(1);
      expect(await rows.findBy({ state: 'pending' })).toEqual([
        expect.objectContaining({ attempts: 2, leaseOwner: null }),
      ]);
    });
  });
});
