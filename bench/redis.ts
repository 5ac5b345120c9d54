import { randomUUID } from 'node:crypto';

import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

import { REDIS } from '../test/support/redis.js';
import type { RedisPlace } from './contenders/child.js';

/** Keys of a run in Redis, seen from outside the servers. */
export class BenchRedis {
  readonly place: RedisPlace = { connection: REDIS, prefix: `live-callback-bench-${randomUUID()}` };
  // Without the mark that a queue leaves of itself.
  private readonly queue = new Queue('live-callback', { ...this.place, skipMetasUpdate: true });

  private constructor(private readonly client: Redis) {}

  /** @throws Error when Redis does not answer */
  static async create(): Promise<BenchRedis> {
    const client = new Redis({ ...REDIS, lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {}); // what is asked next rejects with the same
    await client.connect();
    return new BenchRedis(client);
  }

  /** Name and version of the server. */
  async version(): Promise<string> {
    const version = /^redis_version:(.*)$/m.exec(await this.client.info('server'))?.[1];
    return `Redis ${version?.trim() ?? ''}`;
  }

  /** CPU time of the server, seconds. */
  async cpuSeconds(): Promise<number> {
    const times = (await this.client.info('cpu')).matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm);
    return [...times].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
  }

  /** How many jobs have not ended. */
  pending(): Promise<number> {
    return this.queue.getJobCountByTypes('waiting', 'active');
  }

  /** Ends with everything under its prefix gone. */
  async drop(): Promise<void> {
    await this.queue.obliterate({ force: true });
    await this.queue.close();
    this.client.disconnect();
  }
}
