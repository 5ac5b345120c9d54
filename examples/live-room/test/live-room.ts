import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Test } from '@nestjs/testing';
import { signCallback, whenListenersDone } from 'nestjs-live-callback/testing';
import { DataSource } from 'typeorm';

import { AppModule } from '../src/app.module.js';
import { startCloud } from './cloud.js';

const KEY = 'KeyOfTheTests123';

/** An empty PostgreSQL database for the tests, whose content they drop. Default: a file of SQLite each. */
const { TEST_DATABASE_URL } = process.env;

/** The whole application on a database of its own, and what the tests do to it. */
export async function startLiveRoom() {
  const folder = mkdtempSync(join(tmpdir(), 'live-room-'));
  const keyFile = join(folder, 'keys.json');
  writeFileSync(keyFile, JSON.stringify({ templates: { main: { current: KEY, retiring: [] } } }));
  if (TEST_DATABASE_URL !== undefined) await empty(TEST_DATABASE_URL);
  const cloud = await startCloud();
  const settings = {
    database: TEST_DATABASE_URL ?? join(folder, 'live-room.db'),
    keyFile,
    // A session is over as soon as its push is.
    reconnectWindowSeconds: 0,
    cloud: {
      credentials: { secretId: 'id', secretKey: 'key' },
      endpoint: cloud.endpoint,
    },
  };
  const imports = [AppModule.register(settings)];
  const module = await Test.createTestingModule({ imports }).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();

  /** Sends a callback as CSS does, and waits until all listeners have had it. */
  async function send(callback: object) {
    const request = signCallback(callback, { key: KEY });
    const { status } = await fetch(`${url}/live-callback`, request);
    await whenListenersDone(app);
    return status;
  }

  async function get<T>(path: string): Promise<T> {
    const response = await fetch(`${url}${path}`);
    return (await response.json()) as T;
  }

  function post(path: string, body: object) {
    const headers = { 'content-type': 'application/json' };
    return fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async function stop() {
    await app.close();
    await cloud.close();
    rmSync(folder, { recursive: true });
  }

  return { send, get, post, stop, cloudCalls: cloud.calls };
}

async function empty(url: string) {
  const database = await new DataSource({ type: 'postgres', url }).initialize();
  await database.query('DROP SCHEMA public CASCADE');
  await database.query('CREATE SCHEMA public');
  await database.destroy();
}
