import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { onTestFinished } from '../support/current-test.js';
import { freePort } from '../support/free-port.js';

/** A Redis of one test, which may be killed, frozen and filled; it goes with the test. */
export interface PrivateRedis {
  readonly port: number;
  readonly client: Redis;
  /** As by `kill -9`: what was not written is gone, and nothing is written here. */
  kill(): Promise<void>;
  /** Again on its port, and empty. */
  restart(): Promise<void>;
  /** It takes connections, and answers nothing. */
  freeze(): void;
  thaw(): void;
}

export async function startPrivateRedis(
  options: readonly string[] = [],
  place?: number,
): Promise<PrivateRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-redis-'));
  const port = place ?? (await freePort());
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  let server: ChildProcess;
  const start = async () => {
    server = spawn('redis-server', [...args, '--appendonly', 'no', ...options], {
      stdio: 'ignore',
    });
    while (!(await answers(port))) {
      if (server.exitCode !== null) throw new Error('redis-server does not start');
      await sleep(20);
    }
  };
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  };
  await start();
  const client = new Redis({ port, lazyConnect: true });
  client.on('error', () => {}); // it is being killed
  onTestFinished(async () => {
    client.disconnect();
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    port,
    client,
    kill,
    restart: async () => {
      await kill();
      await start();
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
  };
}

/** Whether it speaks, be it only to ask for a password. */
async function answers(port: number): Promise<boolean> {
  const client = new Redis({
    port,
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  client.on('error', () => {}); // connect() rejects with the same
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch (error) {
    return /NOAUTH/.test(String(error));
  } finally {
    client.disconnect();
  }
}
