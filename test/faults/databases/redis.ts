import { rmSync } from 'node:fs';

import { Redis } from 'ioredis';

import { freePort } from '../../support/free-port.js';
import { SHORT, type Fault } from './faulty-database.js';
import { folderFor, programOf, ServerProcess } from './server-process.js';

/** A Redis of the harness's own, with what can happen to it. */
export interface FaultyRedis {
  readonly port: number;
  readonly faults: readonly Fault[];
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

/** A Redis that writes nothing down: it is empty after each start. */
export async function startRedis(): Promise<FaultyRedis> {
  const folder = folderFor(undefined);
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const server = new ServerProcess(
    programOf('redis-server'),
    [...args, '--save', '', '--appendonly', 'no'],
    undefined,
    folder,
    () => tell(port, (redis) => redis.ping()),
  );
  await server.start();
  const killed: Fault = {
    kind: 'killed, and empty again',
    duration: [200, 3_000],
    begin: () => server.kill(),
    end: () => server.start(),
  };
  const emptied: Fault = {
    kind: 'emptied',
    duration: [0, 0],
    begin: () => tell(port, (redis) => redis.flushall()),
    end: async () => {},
  };
  const paused: Fault = {
    kind: 'paused',
    duration: SHORT,
    begin: async () => server.pause(),
    end: () => server.resume(),
  };
  return {
    port,
    faults: [killed, emptied, paused, emptied],
    async close() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function tell(port: number, what: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis({ port, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {}); // connect() rejects with the same
  try {
    await redis.connect();
    await what(redis);
  } finally {
    redis.disconnect();
  }
}
