/**
 * Listeners on BullMQ workers, over the Redis and the databases of this machine: what runs where, in
 * which order, and that nothing depends on the queue.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { FEATURE_DATABASES } from '../support/databases.js';
import { onTestFinished } from '../support/current-test.js';
import { isRedisAbsent, REDIS } from '../support/redis.js';
import { scratchDatabase } from '../support/scratch.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
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

describe.each(FEATURE_DATABASES)('with $name', ({ isAbsent, create }) => {
  describe.skipIf(isAbsent || isRedisAbsent)('deliveries on BullMQ', () => {
    it('run once, on the worker, under names that say what they are', async () => {
      const database = await scratchDatabase(create);
      const redis = scratchRedis();
      const [atIntake, atWorker] = [recorder(), recorder()];
      const intake = await startBullHost({
        database,
        redis,
        role: 'intake',
        listeners: [atIntake.listener],
      });
      await startBullHost({ database, redis, role: 'worker', listeners: [atWorker.listener] });
      expect((await push(intake, 'room-1')).status).toBe(200);
      await expect.poll(() => atWorker.ids.length, PATIENCE).toBe(1);
      const queue = openQueue(redis);
      await expect
        .poll(() => queue.getJobCounts(), PATIENCE)
        .toMatchObject({ completed: 1, failed: 0 });
      const [job] = await queue.getCompleted();
      const [id] = atWorker.ids;
      expect(job).toMatchObject({
        name: 'stream-push › orders',
        returnvalue: 'done',
        data: { callbackId: id, listener: 'orders', stream: 'room-1', registration: 'default' },
      });
      // Ids and names, and nothing of the content.
      expect(Object.keys(job!.data as object)).toEqual([
        'listener',
        'orderingKey',
        'callbackId',
        'stream',
        'registration',
      ]);
      expect(atIntake.ids).toEqual([]);
    });

    it('of a stream run one after the other and in order, over several workers', async () => {
      const database = await scratchDatabase(create);
      const redis = scratchRedis();
      const running = new Set<string | null>();
      const order: { stream: string | null; sequence: number }[] = [];
      let overlaps = 0;
      const hosts = await Promise.all(
        [1, 2, 3].map(() => {
          const { listener } = recorder('orders', async ({ stream, attempt, data }) => {
            if (running.has(stream.name)) overlaps++;
            running.add(stream.name);
            const sequence = Number(data.sequence);
            order.push({ stream: stream.name, sequence });
            await sleep(Math.random() * 4);
            running.delete(stream.name);
            if (attempt === 1 && sequence % 10 === 7) throw new Error('later');
          });
          return startBullHost({ database, redis, listeners: [listener] });
        }),
      );
      const streams = ['a', 'b', 'c', 'd', 'e', 'f'];
      const sequences = Array.from({ length: 30 }, (_, sequence) => sequence);
      for (const sequence of sequences) {
        const answers = await Promise.all(
          streams.map((stream, index) => push(hosts[(sequence + index) % 3]!, stream, sequence)),
        );
        expect(answers.map(({ status }) => status)).toEqual(streams.map(() => 200));
      }
      await expect.poll(() => openOf(hosts[0]!), PATIENCE).toBe(0);
      const expected = sequences.flatMap((n) => (n % 10 === 7 ? [n, n] : [n]));
      for (const stream of streams) {
        const seen = order.filter((run) => run.stream === stream).map(({ sequence }) => sequence);
        expect(seen).toEqual(expected);
      }
      expect(overlaps).toBe(0);
    });

    it('are complete, and none is doubled, although jobs are lost and doubled', async () => {
      const database = await scratchDatabase(create);
      const redis = scratchRedis();
      const node = recorder();
      const host = await startBullHost({ database, redis, listeners: [node.listener] });
      const queue = openQueue(redis);
      await queue.pause();
      for (let room = 0; room < 12; room++) await push(host, `room-${room}`);
      await expect.poll(() => queue.getWaitingCount(), PATIENCE).toBe(12);
      const jobs = await queue.getJobs(['waiting']);
      for (const job of jobs.slice(0, 4)) await job.remove();
      for (const { name, data } of jobs.slice(4, 8)) {
        const { callbackId } = data as { callbackId: string };
        for (const copy of ['a', 'b']) {
          await queue.add(name, data, { jobId: `${copy}-${callbackId}` });
        }
      }
      await queue.resume();
      await expect.poll(() => node.ids.length, PATIENCE).toBe(8);
      await expect.poll(() => openOf(host), PATIENCE).toBe(4);
      await passGrace(host);
      await expect.poll(() => openOf(host), PATIENCE).toBe(0);
      await expect.poll(() => queue.getCompletedCount(), PATIENCE).toBe(16);
      expect(new Set(node.ids).size).toBe(12);
      expect(node.ids).toHaveLength(12);
    });

    it('that a node has not begun when it leaves run on another at once', async () => {
      const database = await scratchDatabase(create);
      const redis = scratchRedis();
      let release!: () => void;
      const released = new Promise<void>((resolve) => (release = resolve));
      const leaving = recorder('orders', () => released, { concurrency: 1 });
      const staying = recorder();
      const first = await startBullHost({ database, redis, listeners: [leaving.listener] });
      await push(first, 'long');
      await expect.poll(() => leaving.ids.length, PATIENCE).toBe(1);
      for (let room = 0; room < 3; room++) await push(first, `room-${room}`);
      const queue = openQueue(redis);
      await expect.poll(() => queue.getActiveCount(), PATIENCE).toBe(4);
      await startBullHost({ database, redis, listeners: [staying.listener] });
      const left = first.close();
      // A poll would have them ten seconds after they came.
      await expect.poll(() => staying.ids.length, { timeout: 4_000, interval: 10 }).toBe(3);
      release();
      await left;
      await expect.poll(() => queue.getCompletedCount(), PATIENCE).toBe(4);
    });

    it('that a node is being given while it leaves run on another at once', async () => {
      const database = await scratchDatabase(create);
      const redis = scratchRedis();
      const { host, port } = REDIS;
      const proxy = await startTcpProxy(host, port);
      onTestFinished(() => proxy.close());
      const [leaving, staying] = [recorder(), recorder()];
      const first = await startBullHost({
        database,
        redis: { ...redis, connection: { ...REDIS, host: '127.0.0.1', port: proxy.port } },
        role: 'worker',
        listeners: [leaving.listener],
      });
      // Both wait for a job, and Redis wakes the one that has waited longer.
      await sleep(100);
      const second = await startBullHost({ database, redis, listeners: [staying.listener] });
      await sleep(100);
      proxy.delay(100);
      const queue = openQueue(redis);
      await push(second, 'room');
      // Redis has given the job to the first node, which does not know of it yet.
      await expect.poll(() => queue.getActiveCount(), { ...PATIENCE, interval: 5 }).toBe(1);
      await first.close();
      await expect.poll(() => staying.ids.length, { timeout: 3_000, interval: 10 }).toBe(1);
      expect(leaving.ids).toEqual([]);
    });
  });
});
