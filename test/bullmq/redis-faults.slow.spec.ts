/**
 * Redis killed, emptied, frozen, full, unreachable, or behind another password: callbacks are stored and
 * answered, and everything is delivered. On a Redis of the test's own.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { DATABASES } from '../support/databases.js';
import { freePort } from '../support/free-port.js';
import { LogLines } from '../support/log-lines.js';
import { isRedisAbsent } from '../support/redis.js';
import { scratchDatabase } from '../support/scratch.js';
import { openOf, openQueue, passGrace, PATIENCE, push, startBullHost } from './bull-host.js';
import { startPrivateRedis } from './private-redis.js';
import { recorder } from './recorder.js';

const placeOf = (port: number) => ({ connection: { host: '127.0.0.1', port }, prefix: 'bull' });

/** What says that Redis is away, and that it is back. */
const told = (logger: LogLines) => ({
  away: logger.of('error').filter((line) => line.startsWith('Redis cannot be used')),
  back: logger.of('log').filter((line) => line.startsWith('Redis can be used again')),
});

async function startNode(port: number, password?: string) {
  const logger = new LogLines();
  const node = recorder();
  const place = placeOf(port);
  const host = await startBullHost({
    database: await scratchDatabase(),
    redis: { ...place, connection: { ...place.connection, ...(password && { password }) } },
    logger,
    listeners: [node.listener],
  });
  /** Sends to streams of their own; all must be answered with 200. */
  const sendSome = async (from: number, to: number) => {
    for (let room = from; room < to; room++) {
      expect((await push(host, `room-${room}`)).status).toBe(200);
    }
  };
  /** That all have run once. */
  const allRun = async (count: number) => {
    await expect.poll(() => openOf(host), PATIENCE).toBe(0);
    expect(new Set(node.ids).size).toBe(count);
    expect(node.ids).toHaveLength(count);
  };
  return { logger, host, node, sendSome, allRun };
}

describe.skipIf(isRedisAbsent)('with a Redis that', () => {
  it('is not there at start, the application runs, says so once, and uses it when it comes', async () => {
    const port = await freePort();
    const { logger, sendSome, allRun } = await startNode(port);
    await sendSome(0, 10);
    await allRun(10);
    await expect.poll(() => told(logger).away.length, PATIENCE).toBe(1);
    expect(told(logger).away[0]).toContain(
      'Check host and port of the connection given to BullModule',
    );
    await startPrivateRedis([], port);
    await expect.poll(() => told(logger).back.length, PATIENCE).toBe(1);
    await sendSome(10, 20);
    await allRun(20);
    const queue = openQueue(placeOf(port));
    await expect.poll(() => queue.getCompletedCount(), PATIENCE).toBeGreaterThanOrEqual(10);
    expect(told(logger).away).toHaveLength(1);
  });

  it('refuses the password, everything is delivered, and the log says what to check', async () => {
    const { port } = await startPrivateRedis(['--requirepass', 'the-right-password']);
    const { logger, sendSome, allRun } = await startNode(port, 'the-wrong-password');
    await sendSome(0, 10);
    await allRun(10);
    await expect.poll(() => told(logger).away.length, PATIENCE).toBe(1);
    expect(told(logger).away[0]).toContain('Check user and password of the connection');
    expect(logger.text).not.toContain('the-wrong-password');
  });

  it('is killed and comes back empty, nothing is lost, and nothing runs twice', async () => {
    const redis = await startPrivateRedis();
    const { host, logger, sendSome, allRun } = await startNode(redis.port);
    await sendSome(0, 20);
    await redis.kill();
    await sendSome(20, 40);
    await redis.restart();
    await sendSome(40, 60);
    await passGrace(host);
    await allRun(60);
    expect(told(logger).away).toHaveLength(1);
    await expect.poll(() => told(logger).back.length, PATIENCE).toBe(1);
  });

  it('is emptied while jobs wait, their deliveries are polled', async () => {
    const redis = await startPrivateRedis();
    const { host, sendSome, allRun, node } = await startNode(redis.port);
    const queue = openQueue(placeOf(redis.port));
    await queue.pause();
    await sendSome(0, 10);
    await expect.poll(() => queue.getWaitingCount(), PATIENCE).toBe(10);
    await redis.client.flushall();
    expect(node.ids).toEqual([]);
    await sendSome(10, 20);
    await expect.poll(() => node.ids.length, PATIENCE).toBe(10);
    await passGrace(host);
    await allRun(20);
  });

  it('answers nothing, callbacks are stored and delivered, and the application can stop', async () => {
    const redis = await startPrivateRedis();
    const { host, logger, sendSome, allRun } = await startNode(redis.port);
    await sendSome(0, 5);
    await allRun(5);
    redis.freeze();
    await sendSome(5, 15);
    await passGrace(host);
    await allRun(15);
    await expect.poll(() => told(logger).away.length, PATIENCE).toBe(1);
    await host.close();
    redis.thaw();
  });

  it('answers nothing for a while, it is used again afterwards', async () => {
    const redis = await startPrivateRedis();
    const { host, logger, sendSome, allRun } = await startNode(redis.port);
    redis.freeze();
    await sendSome(0, 10);
    await expect.poll(() => told(logger).away.length, PATIENCE).toBe(1);
    redis.thaw();
    await passGrace(host);
    await allRun(10);
    await sendSome(10, 20);
    await allRun(20);
    await expect.poll(() => told(logger).back.length, PATIENCE).toBe(1);
  });

  it('is full, callbacks are stored and delivered, and the log says what to do', async () => {
    const redis = await startPrivateRedis(['--maxmemory-policy', 'noeviction']);
    const { host, logger, sendSome, allRun } = await startNode(redis.port);
    await sendSome(0, 5);
    await allRun(5);
    await redis.client.config('SET', 'maxmemory', '1');
    await sendSome(5, 15);
    await passGrace(host);
    await allRun(15);
    await expect.poll(() => told(logger).away.length, PATIENCE).toBe(1);
    expect(told(logger).away[0]).toContain('Redis is full');
    await redis.client.config('SET', 'maxmemory', '0');
    await sendSome(15, 25);
    await passGrace(host);
    await allRun(25);
    await expect.poll(() => told(logger).back.length, PATIENCE).toBe(1);
  });
});

describe.each(DATABASES.filter(({ name }) => name !== 'SQLite'))('on $name', (database) => {
  describe.skipIf(database.isAbsent || isRedisAbsent)('three nodes', () => {
    it('deliver everything, once and in order, while Redis is emptied and killed', async () => {
      const redis = await startPrivateRedis();
      const options = await scratchDatabase(database.create);
      const running = new Set<string | null>();
      const succeeded = new Map<string | null, number[]>();
      let overlaps = 0;
      const hosts = await Promise.all(
        [1, 2, 3].map(() => {
          const { listener } = recorder(
            'orders',
            async ({ stream: { name }, data }) => {
              if (running.has(name)) overlaps++;
              running.add(name);
              await sleep(Math.random() * 5);
              running.delete(name);
              if (Math.random() < 0.05) throw new Error('again');
              succeeded.set(name, [...(succeeded.get(name) ?? []), Number(data.sequence)]);
            },
            { attempts: 50 },
          );
          return startBullHost({
            database: options,
            redis: placeOf(redis.port),
            listeners: [listener],
          });
        }),
      );
      const over = new AbortController();
      const vandal = (async () => {
        for (let n = 1; !over.signal.aborted; n++) {
          if (n % 5 === 0) await redis.restart();
          else await redis.client.flushall().catch(() => {});
          await sleep(100);
        }
      })();
      const until = performance.now() + 2_500;
      const sent = new Map<string, number[]>();
      const statuses = new Set<number>();
      await Promise.all(
        Array.from({ length: 10 }, async (_, stream) => {
          const sequences: number[] = [];
          sent.set(`room-${stream}`, sequences);
          for (let n = 0; performance.now() < until; n++) {
            const { status } = await push(hosts[(n + stream) % 3]!, `room-${stream}`, n);
            statuses.add(status);
            sequences.push(n);
          }
        }),
      );
      over.abort();
      await vandal;
      expect([...statuses]).toEqual([200]);
      await expect.poll(() => openOf(hosts[0]!), { timeout: 25_000 }).toBe(0);
      expect(overlaps).toBe(0);
      expect(Object.fromEntries(succeeded)).toEqual(Object.fromEntries(sent));
    });
  });
});
