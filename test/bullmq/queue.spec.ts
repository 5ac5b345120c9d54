/**
 * The queue of jobs, with tests side by side: what it holds back and what it does not, what a dashboard sees of it,
 * and what becomes of it when workers stop or die.
 */

import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { describe, it } from 'vitest';

import { DeliveryPoller } from '../../src/delivery/delivery.poller.js';
import { tellTestsApart } from '../support/current-test.js';
import { isRedisAbsent } from '../support/redis.js';
import { scratchDatabase } from '../support/scratch.js';
import {
  openOf,
  openQueue,
  passGrace,
  PATIENCE,
  push,
  scratchRedis,
  startBullHost,
} from './bull-host.js';
import { recorder } from './recorder.js';

describe.skipIf(isRedisAbsent)('the queue', { concurrent: true }, () => {
  tellTestsApart();

  it('shows the error of a listener, while the row decides about the next attempt', async ({
    expect,
  }) => {
    const redis = scratchRedis();
    const node = recorder('orders', ({ attempt }) => {
      if (attempt === 1) throw new Error('the shop is closed');
    });
    const host = await startBullHost({
      database: await scratchDatabase(),
      redis,
      listeners: [node.listener],
    });
    await push(host, 'room-1');
    const queue = openQueue(redis);
    await expect.poll(() => queue.getFailedCount(), PATIENCE).toBe(1);
    const [job] = await queue.getFailed();
    expect(job).toMatchObject({ failedReason: 'Error: the shop is closed', attemptsMade: 1 });
    await expect.poll(() => openOf(host), PATIENCE).toBe(0);
    expect(node.seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('gives a slow stream one place, and the others to other streams', async ({ expect }) => {
    const redis = scratchRedis();
    let release = () => {};
    const node = recorder('orders', ({ stream }) =>
      stream.name === 'slow' ? new Promise<void>((resolve) => (release = resolve)) : undefined,
    );
    const host = await startBullHost({
      database: await scratchDatabase(),
      redis,
      bull: { concurrency: 2 },
      listeners: [node.listener],
    });
    for (let sequence = 0; sequence < 4; sequence++) await push(host, 'slow', sequence);
    await expect.poll(() => node.sequencesOf('slow'), PATIENCE).toEqual(['0']);
    for (let sequence = 0; sequence < 6; sequence++) await push(host, 'quick', sequence);
    await expect
      .poll(() => node.sequencesOf('quick'), PATIENCE)
      .toEqual(['0', '1', '2', '3', '4', '5']);
    for (const done of [1, 2, 3, 4]) {
      await expect.poll(() => node.sequencesOf('slow').length, PATIENCE).toBe(done);
      release();
    }
    await expect.poll(() => openOf(host), PATIENCE).toBe(0);
    expect(node.sequencesOf('slow')).toEqual(['0', '1', '2', '3']);
  });

  it('brings the events of a stream that is held to the worker that holds it, without a poll', async ({
    expect,
  }) => {
    const database = await scratchDatabase();
    const redis = scratchRedis();
    let release = () => {};
    const nodes = [1, 2].map(() =>
      recorder('orders', () => new Promise<void>((resolve) => (release = resolve))),
    );
    const hosts = await Promise.all(
      nodes.map(({ listener }) =>
        // One that waits has no place for a second: the other one gets the jobs that follow.
        startBullHost({ database, redis, bull: { concurrency: 1 }, listeners: [listener] }),
      ),
    );
    for (const { app } of hosts) await app.get(DeliveryPoller, { strict: false }).stop();
    for (let sequence = 0; sequence < 5; sequence++) await push(hosts[0]!, 'slow', sequence);
    const queue = openQueue(redis);
    // One job waits for the stream; for all that came since there is none before it has ended.
    expect(await queue.getJobCounts()).toMatchObject({ active: 1, waiting: 0, completed: 0 });
    const runs = () => nodes.flatMap((node) => node.sequencesOf('slow'));
    for (const done of [1, 2, 3, 4, 5]) {
      await expect.poll(() => runs().length, PATIENCE).toBe(done);
      release();
    }
    await expect.poll(() => openOf(hosts[0]!), PATIENCE).toBe(0);
    expect(new Set(nodes.map((node) => node.ids.length))).toEqual(new Set([0, 5]));
  });

  it('does not hold a place for events behind one that is tried again later', async ({
    expect,
  }) => {
    const redis = scratchRedis();
    let isBroken = true;
    const node = recorder(
      'orders',
      ({ stream }) => {
        if (stream.name?.startsWith('broken') && isBroken) throw new Error('not yet');
      },
      { attempts: 20, backoffMs: 1_000 },
    );
    const database = await scratchDatabase();
    const intake = await startBullHost({
      database,
      redis,
      role: 'intake',
      listeners: [node.listener],
    });
    for (const stream of ['broken-1', 'broken-2', 'broken-3']) {
      for (const sequence of [1, 2]) await push(intake, stream, sequence);
    }
    await startBullHost({
      database,
      redis,
      role: 'worker',
      bull: { concurrency: 2 },
      listeners: [node.listener],
    });
    await expect.poll(() => node.seen.length, PATIENCE).toBeGreaterThanOrEqual(3);
    await push(intake, 'whole');
    await expect.poll(() => node.sequencesOf('whole').length, PATIENCE).toBe(1);
    isBroken = false;
    // The pause grows with each attempt that was made meanwhile.
    await expect.poll(() => openOf(intake), { timeout: 45_000 }).toBe(0);
    for (const stream of ['broken-1', 'broken-2', 'broken-3']) {
      expect(new Set(node.sequencesOf(stream))).toEqual(new Set(['1', '2']));
      expect(node.sequencesOf(stream).at(-1)).toBe('2');
    }
  }, 90_000);

  it('that stalls a job, taken by a worker that died, changes nothing', async ({ expect }) => {
    const database = await scratchDatabase();
    const redis = scratchRedis();
    const node = recorder();
    const intake = await startBullHost({
      database,
      redis,
      role: 'intake',
      listeners: [node.listener],
    });
    await push(intake, 'room-1');
    const queue = openQueue(redis);
    await expect.poll(() => queue.getWaitingCount(), PATIENCE).toBe(1);
    const dying = new Worker('live-callback', null, { ...redis, lockDuration: 100 });
    const { id: stolen } = await dying.getNextJob('token');
    await dying.close(true);
    await startBullHost({ database, redis, role: 'worker', listeners: [node.listener] });
    await passGrace(intake);
    await expect.poll(() => node.ids.length, PATIENCE).toBe(1);
    // What the worker does every 30 seconds: a job without a lock goes back to those that wait.
    const client = new Redis(redis.connection);
    const checker = new Worker('live-callback', null, { ...redis, stalledInterval: 20 });
    const state = async () => {
      await client.del(`${redis.prefix}:live-callback:stalled-check`);
      return (await queue.getJob(stolen!))?.returnvalue as unknown;
    };
    await checker.startStalledCheckTimer();
    await expect.poll(state, PATIENCE).toMatch(/^nothing to do: done before/);
    await checker.close(true);
    client.disconnect();
    expect(node.ids).toHaveLength(1);
  });

  it('serves several registrations, each with its own tables', async ({ expect }) => {
    const redis = scratchRedis();
    const node = recorder();
    const [first, second] = [await scratchDatabase(), await scratchDatabase()];
    const host = await startBullHost({
      database: first,
      redis,
      more: [{ path: 'second', name: 'tenant-b', dataSource: 'second', database: second }],
      listeners: [node.listener],
    });
    await push(host, 'room-1');
    await push(host, 'room-2', 2, '/second');
    await expect.poll(() => node.ids.length, PATIENCE).toBe(2);
    const queue = openQueue(redis);
    await expect.poll(() => queue.getCompletedCount(), PATIENCE).toBe(2);
    const places = (await queue.getCompleted()).map(({ data }) => data as object);
    expect(places).toContainEqual(
      expect.objectContaining({ stream: 'room-2', registration: 'tenant-b' }),
    );
  });

  it('leaves what is of a registration without listeners here to others, and asks once', async ({
    expect,
  }) => {
    const redis = scratchRedis();
    const [first, second] = [await scratchDatabase(), await scratchDatabase()];
    const intake = { path: 'second', name: 'tenant-b', dataSource: 'second', database: second };
    const host = await startBullHost({
      database: first,
      redis,
      more: [{ ...intake, role: 'intake' }],
      listeners: [recorder().listener],
    });
    await push(host, 'room-1', 1, '/second');
    const queue = openQueue(redis);
    await expect.poll(() => queue.getCompletedCount(), PATIENCE).toBe(1);
    const [job] = await queue.getCompleted();
    expect(job).toMatchObject({ attemptsStarted: 1 });
    expect(job!.returnvalue).toMatch(/^left to a process/);
  });

  it('is left in order by an application that stops, and another goes on', async ({ expect }) => {
    const database = await scratchDatabase();
    const redis = scratchRedis();
    let release = () => {};
    const first = recorder('orders', () => new Promise<void>((resolve) => (release = resolve)));
    const stopping = await startBullHost({ database, redis, listeners: [first.listener] });
    for (const sequence of [1, 2, 3]) await push(stopping, 'room-1', sequence);
    await expect.poll(() => first.ids.length, PATIENCE).toBe(1);
    const closed = stopping.close();
    setTimeout(() => release(), 300);
    await closed;
    expect(first.sequencesOf('room-1')).toEqual(['1']);
    const second = recorder();
    const host = await startBullHost({ database, redis, listeners: [second.listener] });
    await passGrace(host);
    await expect.poll(() => openOf(host), PATIENCE).toBe(0);
    expect(second.sequencesOf('room-1')).toEqual(['2', '3']);
    const queue = openQueue(redis);
    await expect.poll(() => queue.getActiveCount(), PATIENCE).toBe(0);
    expect(await queue.getFailedCount()).toBe(0);
  });
});
