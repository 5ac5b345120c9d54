import { Redis } from 'ioredis';

/** Where the Redis of the suite is. */
export const REDIS = {
  host: process.env['REDIS_HOST'] ?? '127.0.0.1',
  port: Number(process.env['REDIS_PORT'] ?? 6379),
};

async function answers(): Promise<boolean> {
  const redis = new Redis({ ...REDIS, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {}); // connect() rejects with the same
  try {
    await redis.connect();
    return true;
  } catch (error) {
    if (process.env['REQUIRE_SERVICES'] === '1') throw error;
    return false;
  } finally {
    redis.disconnect();
  }
}

/** Whether it does not answer. */
export const isRedisAbsent = !(await answers());
