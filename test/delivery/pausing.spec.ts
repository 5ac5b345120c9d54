/** Listeners that are paused, by people and by their circuit breakers: on every database, with two nodes on one. */
import type { INestApplication } from '@nestjs/common';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import {
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackAuditService,
  LiveCallbackDelivery,
  LiveCallbackListeners,
  NonRetryableError,
  type ListenerState,
  type LiveEvent,
} from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { openQueue, passGrace, scratchRedis, startBullHost } from '../bullmq/bull-host.js';
import { recorder, type Recorder } from '../bullmq/recorder.js';
import { KEY, type Host } from '../support/application.js';
import { FEATURE_DATABASES } from '../support/databases.js';
import { HURRIED } from '../support/hurried.js';
import { isRedisAbsent } from '../support/redis.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';

const PATIENCE = { timeout: 15_000 };
const WHY = { reason: 'billing is moved', actor: 'Test' };
/** A poll, and what it takes over, in hurried time. */
const A_POLL = 300;

const send = async (host: Host, stream: string, n: number) => {
  const callback = streamPushCallback({ stream_id: stream, sequence: `${n}` });
  const { status } = await host.send(signCallback(callback, { key: KEY }));
  expect(status).toBe(200);
};
const service = (app: INestApplication) => app.get(LiveCallbackListeners);
const pause = ({ app }: Host, id = 'orders') => service(app).pause(id, WHY);
const resume = ({ app }: Host, id = 'orders') => service(app).resume(id, WHY);
const some = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);
const aWhile = () => new Promise((resolve) => setTimeout(resolve, A_POLL));

describe.each(FEATURE_DATABASES)('on $name', ({ isAbsent, create }) => {
  describe.skipIf(isAbsent)('a paused listener', () => {
    let database: DataSourceOptions;
    let tables: DataSource;

    beforeEach(async () => {
      database = await scratchDatabase(create);
    });

    const node = (...recorders: Recorder[]) =>
      scratchHost({
        database,
        options: HURRIED,
        module: { providers: recorders.map(({ listener }) => listener) },
      });
    const rows = async () => {
      tables ??= await scratchConnection({ ...database, entities: [...LIVE_CALLBACK_ENTITIES] });
      onTestFinished(() => void (tables = undefined as unknown as DataSource));
      return tables.getRepository(LiveCallbackDelivery).find({ order: { callbackId: 'ASC' } });
    };

    it('gets nothing, uses up no attempt, and afterwards gets everything in order', async () => {
      const orders = recorder();
      const others = recorder('others');
      const host = await node(orders, others);
      await pause(host);
      for (let n = 0; n < 30; n++) await send(host, `room-${n % 3}`, n);
      await expect.poll(() => others.seen.length, PATIENCE).toBe(30);
      await aWhile();
      expect(orders.seen).toHaveLength(0);
      const waiting = (await rows()).filter(({ listener }) => listener === 'orders');
      expect(waiting).toHaveLength(30);
      for (const row of waiting) {
        expect(row).toMatchObject({ state: 'pending', attempts: 0, leaseOwner: null });
      }

      await resume(host);
      await expect.poll(() => orders.seen.length, PATIENCE).toBe(30);
      for (const room of [0, 1, 2]) {
        const own = some(30).filter((n) => Number(n) % 3 === room);
        expect(orders.sequencesOf(`room-${room}`)).toEqual(own);
      }
      expect(new Set(orders.seen.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    });

    it('gives back what waits here, behind one that runs and behind one that failed', async () => {
      let finish!: () => void;
      const running = new Promise<void>((resolve) => (finish = resolve));
      let mends = false;
      const orders = recorder(
        'orders',
        async ({ stream }) => {
          if (stream.name === 'long') await running;
          else if (!mends) throw new Error('away');
        },
        { backoffMs: 600_000 },
      );
      const host = await node(orders);
      for (let n = 0; n < 5; n++) await send(host, 'long', n);
      for (let n = 0; n < 5; n++) await send(host, 'failing', n);
      await expect.poll(() => orders.seen.length, PATIENCE).toBe(2);
      await pause(host);
      const leased = async () =>
        (await rows()).filter(
          ({ leaseOwner, state }) => leaseOwner !== null && state === 'pending',
        );
      await expect.poll(async () => (await leased()).length, PATIENCE).toBe(1);
      finish();
      await expect.poll(async () => (await leased()).length, PATIENCE).toBe(0);
      await aWhile();
      expect(orders.seen).toHaveLength(2);
      expect((await rows()).map(({ attempts }) => attempts)).toEqual([
        1, 0, 0, 0, 0, 1, 0, 0, 0, 0,
      ]);

      mends = true;
      await (
        await scratchConnection(database)
      ).query(
        'UPDATE live_callback_delivery SET next_attempt_at = 1 WHERE next_attempt_at IS NOT NULL',
      );
      await resume(host);
      await expect.poll(() => orders.seen.length, PATIENCE).toBe(11);
      expect(orders.sequencesOf('long')).toEqual(some(5));
      expect(orders.sequencesOf('failing')).toEqual(['0', ...some(5)]);
    });

    it('stays paused on the other node, and on one that starts later', async () => {
      const [here, there, later] = [recorder(), recorder(), recorder()];
      const first = await node(here);
      const second = await node(there);
      await pause(first);
      await aWhile();
      const third = await node(later);
      for (let n = 0; n < 12; n++) await send([first, second, third][n % 3]!, 'room', n);
      await aWhile();
      expect([...here.seen, ...there.seen, ...later.seen]).toHaveLength(0);

      await resume(second);
      const all = () => [...here.seen, ...there.seen, ...later.seen];
      await expect.poll(() => all().length, PATIENCE).toBe(12);
    });

    it('is known with who paused it and why, and later with who resumed it', async () => {
      const host = await node(recorder(), recorder('others'));
      const paused = await pause(host);
      expect(paused).toEqual({
        listener: 'orders',
        pausedAt: expect.any(Date),
        change: { at: paused.pausedAt, ...WHY },
        breaker: null,
      });
      const again = { reason: 'takes longer', actor: 'Somebody' };
      const later = await service(host.app).pause('orders', again);
      expect(later).toMatchObject({ pausedAt: paused.pausedAt, change: again });
      expect(await service(host.app).list()).toEqual([
        later,
        { listener: 'others', pausedAt: null, change: null, breaker: null },
      ]);
      expect(await resume(host)).toMatchObject({ pausedAt: null, change: WHY });
    });

    it('is one that exists, for a reason that says something', async () => {
      const host = await node(recorder());
      const listeners = service(host.app);
      for (const id of ['order', '', undefined]) {
        await expect(listeners.pause(id as string, WHY)).rejects.toThrow('listener that exists');
        await expect(listeners.resume(id as string, WHY)).rejects.toThrow('listener that exists');
      }
      await expect(listeners.pause('orders', { ...WHY, reason: ' ' })).rejects.toThrow('reason');
      await expect(listeners.pause('orders', { ...WHY, actor: '' })).rejects.toThrow('actor');
      expect((await listeners.list()).filter(({ pausedAt }) => pausedAt)).toEqual([]);
    });

    it('of one registration goes on in the other', async () => {
      const orders = recorder();
      const module = { providers: [orders.listener] };
      const a = await scratchHost({ database, options: { ...HURRIED, name: 'tenant-a' }, module });
      const b = await scratchHost({ database, options: { ...HURRIED, name: 'tenant-b' }, module });
      await pause(a);
      await send(a, 'room', 0);
      await send(b, 'room', 1);
      await expect.poll(() => orders.seen.length, PATIENCE).toBe(1);
      await aWhile();
      expect(orders.seen.map(({ registration }) => registration)).toEqual(['tenant-b']);
      expect((await service(b.app).list())[0]).toMatchObject({ pausedAt: null, change: null });
    });

    it('may be replayed to, and gets that when it is resumed', async () => {
      const orders = recorder();
      const host = await node(orders);
      await send(host, 'room', 0);
      await expect.poll(() => orders.seen.length, PATIENCE).toBe(1);
      await expect.poll(async () => (await rows())[0]?.state, PATIENCE).toBe('done');
      await pause(host);
      await host.app.get(LiveCallbackAuditService).replay({ kind: 'stream-push' }, WHY);
      await aWhile();
      expect(orders.seen).toHaveLength(1);
      await resume(host);
      await expect.poll(() => orders.seen.length, PATIENCE).toBe(2);
    });
  });

  describe.skipIf(isAbsent)('a circuit breaker', () => {
    const BREAKER = { circuitBreaker: { failures: 3, pauseMs: 5_000 }, backoffMs: 20_000 };
    const breakerOf = async ({ app }: Host): Promise<ListenerState['breaker']> =>
      (await service(app).list())[0]!.breaker;

    it('opens after failures in a row, tries one event at a time on one node, and closes', async () => {
      const database = await scratchDatabase(create);
      let isAway = true;
      let running = 0;
      let most = 0;
      const runs: { room: string | null; n: number }[] = [];
      const act = async ({ stream, data }: LiveEvent<'stream-push'>) => {
        runs.push({ room: stream.name, n: Number(data.sequence) });
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        if (isAway) throw new Error('away');
      };
      const [here, there] = [recorder('orders', act, BREAKER), recorder('orders', act, BREAKER)];
      const hosts = [];
      for (const { listener } of [here, there]) {
        const module = { providers: [listener] };
        hosts.push(await scratchHost({ database, options: HURRIED, module }));
      }
      const [first, second] = hosts as [Host, Host];
      const seen = () => [...here.seen, ...there.seen];
      for (let n = 0; n < 3; n++) await send(first, `early-${n}`, n);
      await expect.poll(() => breakerOf(second), PATIENCE).not.toBeNull();
      const before = seen().length;
      expect(before).toBeGreaterThanOrEqual(3);
      expect(await breakerOf(first)).toMatchObject({ error: 'Error: away' });
      await aWhile();

      most = 0;
      for (let n = 0; n < 20; n++) await send(hosts[n % 2]!, `room-${n % 4}`, n);
      await expect.poll(() => seen().length - before, PATIENCE).toBeGreaterThanOrEqual(3);
      expect(most).toBe(1);
      expect(seen().length - before).toBeLessThan(8);

      isAway = false;
      await expect.poll(() => breakerOf(first), PATIENCE).toBeNull();
      const tables = await scratchConnection({
        ...database,
        entities: [...LIVE_CALLBACK_ENTITIES],
      });
      const open = () => tables.getRepository(LiveCallbackDelivery).countBy({ state: 'pending' });
      await expect.poll(open, { timeout: 25_000 }).toBe(0);
      const done = await tables.getRepository(LiveCallbackDelivery).countBy({ state: 'done' });
      expect(done).toBe(23);
      for (const room of [0, 1, 2, 3]) {
        // A head comes again until it succeeds; nothing comes before it has.
        const own = runs.filter((run) => run.room === `room-${room}`).map(({ n }) => n);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
    });

    it('counts what it fails at in a row, and not events that are at fault themselves', async () => {
      const database = await scratchDatabase(create);
      const orders = recorder(
        'orders',
        ({ stream }) => {
          if (stream.name === 'odd') throw new NonRetryableError('odd');
          if (stream.name === 'bad') throw new Error('bad');
        },
        { ...BREAKER, attempts: 1 },
      );
      const module = { providers: [orders.listener] };
      const host = await scratchHost({ database, options: HURRIED, module });
      const rooms = ['odd', 'odd', 'odd', 'bad', 'bad', 'fine', 'bad', 'odd', 'bad'];
      for (const [n, room] of rooms.entries()) {
        await send(host, room, n);
        await expect.poll(() => orders.seen.length, PATIENCE).toBe(n + 1);
      }
      await aWhile();
      expect(await breakerOf(host)).toBeNull();
      await send(host, 'bad', 9);
      await expect.poll(() => breakerOf(host), PATIENCE).not.toBeNull();
      // Who resumes it wants to see it run.
      await send(host, 'fine', 10);
      await resume(host);
      await expect.poll(() => orders.seen.length, PATIENCE).toBe(11);
      expect(await breakerOf(host)).toBeNull();
    });
  });
});

describe.skipIf(isRedisAbsent)('over BullMQ', () => {
  it('a paused listener gets nothing, and afterwards everything in order', async () => {
    const database = await scratchDatabase();
    const redis = scratchRedis();
    const orders = recorder();
    const host = await startBullHost({ database, redis, listeners: [orders.listener] });
    await pause(host);
    for (let n = 0; n < 10; n++) await send(host, 'room', n);
    const queue = openQueue(redis);
    await expect.poll(() => queue.getActiveCount(), PATIENCE).toBe(0);
    await expect.poll(() => queue.getWaitingCount(), PATIENCE).toBe(0);
    expect(orders.seen).toHaveLength(0);
    await resume(host);
    await passGrace(host);
    await expect.poll(() => orders.seen.length, PATIENCE).toBe(10);
    expect(orders.sequencesOf('room')).toEqual(some(10));
    expect(new Set(orders.seen.map(({ attempt }) => attempt))).toEqual(new Set([1]));
  });
});
