/**
 * Whoever can write to Redis can make jobs: what they are refused with, and that nothing else happens.
 */
import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';

import { LiveCallbackAuditService, OnLiveEvent } from '../../src/index.js';
import { LogLines } from '../support/log-lines.js';
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

const GONE = '01a20568-f9e6-7000-8000-01cdb527a477';
const KEY = '5b0c8a9e-1f7d-4c3a-9b2e-6d4f8e7a1c05';
const JOB = {
  callbackId: GONE,
  listener: 'orders',
  orderingKey: KEY,
  stream: 's',
  registration: 'default',
};

describe.skipIf(isRedisAbsent)('a job', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'of somebody else',
      { email: 'a@b.example' },
      /is no job of nestjs-live-callback.*give LiveCallbackBullModule one of its own/,
    ],
    ['without data', null, /is no job of nestjs-live-callback/],
    ['that is a list', [JOB], /is no job of nestjs-live-callback/],
    ['with a number for a listener', { ...JOB, listener: 7 }, /is no job of nestjs-live-callback/],
    [
      'with an ordering key that is none',
      { ...JOB, orderingKey: "x' OR '1'='1" },
      /is no job of nestjs-live-callback/,
    ],
    [
      'with an object for a ordering key',
      { ...JOB, orderingKey: { $gt: '' } },
      /is no job of nestjs-live-callback/,
    ],
    [
      'of a listener that this process does not have',
      { ...JOB, listener: 'nobody\n[31m' },
      /has no listener "nobody \[31m"\. The delivery waits for a process that has it/,
    ],
    [
      'of another registration',
      { ...JOB, registration: 'elsewhere' },
      /has no LiveCallbackModule with the name "elsewhere"/,
    ],
  ])('%s fails for good, with the reason, and does nothing else', async (_case, data, reason) => {
    const redis = scratchRedis();
    const logger = new LogLines();
    const node = recorder();
    const host = await startBullHost({
      database: await scratchDatabase(),
      redis,
      logger,
      listeners: [node.listener],
    });
    const queue = openQueue(redis);
    const job = await queue.add('anything', data, { attempts: 3 });
    await expect.poll(() => job.getState(), PATIENCE).toBe('failed');
    const failed = await queue.getJob(job.id!);
    expect(failed!.failedReason).toMatch(reason);
    expect(failed!.attemptsMade).toBe(1);
    const lines = logger.of('warn').filter((line) => line.includes('was refused'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(reason);
    // And the next one is served as ever.
    await push(host, 'room-1');
    await expect.poll(() => node.ids.length, PATIENCE).toBe(1);
    await expect.poll(() => openOf(host), PATIENCE).toBe(0);
  });

  it('of an ordering key that there is not does nothing', async () => {
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
    const [job] = await queue.getWaiting();
    await job!.updateData({ ...(job!.data as object), orderingKey: KEY });
    await startBullHost({ database, redis, role: 'worker', listeners: [node.listener] });
    await expect.poll(() => job!.getState(), PATIENCE).toBe('completed');
    expect((await queue.getJob(job!.id!))!.returnvalue).toMatch(/^nothing to do/);
    expect(node.ids).toEqual([]);
    await passGrace(intake);
    await expect.poll(() => node.ids.length, PATIENCE).toBe(1);
  });

  it('that comes a thousand times is logged once', async () => {
    const redis = scratchRedis();
    const logger = new LogLines();
    const node = recorder();
    await startBullHost({
      database: await scratchDatabase(),
      redis,
      logger,
      listeners: [node.listener],
    });
    const queue = openQueue(redis);
    await queue.addBulk(Array.from({ length: 1_000 }, (_, n) => ({ name: 'mail', data: { n } })));
    await expect.poll(() => queue.getFailedCount(), PATIENCE).toBe(1_000);
    expect(logger.of('warn').filter((line) => line.includes('was refused'))).toHaveLength(1);
  });

  it('of a listener that only newer processes have is run by them', async () => {
    const database = await scratchDatabase();
    const redis = scratchRedis();
    const [old, fresh] = [recorder('orders'), recorder('invoices')];
    const intake = await startBullHost({
      database,
      redis,
      role: 'intake',
      listeners: [old.listener, fresh.listener],
    });
    await startBullHost({ database, redis, role: 'worker', listeners: [old.listener] });
    await push(intake, 'room-1');
    const queue = openQueue(redis);
    await expect.poll(() => queue.getFailedCount(), PATIENCE).toBe(1);
    await expect.poll(() => old.ids.length, PATIENCE).toBe(1);
    const audit = intake.app.get(LiveCallbackAuditService, { strict: false });
    const { items } = await audit.find();
    const { deliveries } = (await audit.get(items[0]!.id))!;
    expect(deliveries).toContainEqual(
      expect.objectContaining({ listener: 'invoices', state: 'pending', attempts: 0 }),
    );
    await startBullHost({
      database,
      redis,
      role: 'worker',
      listeners: [old.listener, fresh.listener],
    });
    await passGrace(intake);
    await expect.poll(() => fresh.ids.length, PATIENCE).toBe(1);
    expect(old.ids).toHaveLength(1);
  });

  it('is made for a listener whose id holds what BullMQ takes for itself', async () => {
    const redis = scratchRedis();
    const seen: string[] = [];
    @Injectable()
    class Odd {
      @OnLiveEvent('stream-push', { id: 'a:b c' })
      onColon(): void {
        seen.push('a:b c');
      }

      @OnLiveEvent('stream-push', { id: 'a_b c' })
      onUnderscore(): void {
        seen.push('a_b c');
      }
    }
    const host = await startBullHost({
      database: await scratchDatabase(),
      redis,
      listeners: [Odd],
    });
    await push(host, 'room-1');
    await expect.poll(() => seen.toSorted(), PATIENCE).toEqual(['a:b c', 'a_b c']);
    const queue = openQueue(redis);
    await expect.poll(() => queue.getCompletedCount(), PATIENCE).toBe(2);
  });
});
