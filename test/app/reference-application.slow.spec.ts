/**
 * The reference application as a newcomer starts it: `npm start` on a fresh machine shows the main
 * job, prints a command line that works, and ends cleanly. With keys there is no demo.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS } from '../support/application.js';
import { startPrivateRedis } from '../bullmq/private-redis.js';
import { freePort } from '../support/free-port.js';
import { isRedisAbsent } from '../support/redis.js';

const KEY = 'KeyOfTheReferenceApplication';
const TOKEN = 'AdminTokenOfTheTest';

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: () => string;
  exited: Promise<number | null>;
}

describe('the reference application', () => {
  let folder: string;
  const { app, cli } = inject('builtPackage');
  const running: Running[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'live-callback-app-'));
  });

  afterEach(async () => {
    for (const { child, exited } of running.splice(0)) {
      child.kill('SIGKILL');
      await exited;
    }
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(env: Record<string, string>): Promise<Running> {
    const port = await freePort();
    const child = spawn(process.execPath, [app], {
      cwd: folder,
      env: { PATH: process.env['PATH'], NO_COLOR: '1', PORT: String(port), ...env },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const started = { child, url: `http://127.0.0.1:${port}`, output: () => output, exited };
    running.push(started);
    return started;
  }

  describe.each(ADAPTERS)('without a key, on %s', (adapter) => {
    it('plays a session, shows what happened, and prints a command line that works', async () => {
      const { child, url, output, exited } = await start({
        HTTP_ADAPTER: adapter,
        DATABASE_URL: `sqlite:${join(folder, `${adapter}.db`)}`,
      });
      await expect.poll(output, { timeout: 25_000 }).toContain('Ctrl-C ends the application');
      const text = output();
      expect(text).toContain('A stream is pushed (stream-push): answered 200 {"code":0}');
      for (const kind of ['stream-push', 'screenshot', 'image-audit', 'stream-interrupt']) {
        expect(text).toMatch(new RegExp(`Listener\\] ${kind} push\\.demo\\.example/live/demo`));
      }
      expect(text).toContain('Somebody forges an interruption (stream-interrupt): answered 401');
      expect(text).toContain('stream-push push.demo.example/live/demo, arrived 2 times');
      expect(text).toContain('both callbacks are lost (stream-interrupt): no answer');
      expect(text.match(/a callback of missed\n/g)).toHaveLength(2);
      expect(text).toMatch(/sign-mismatch, 1 request\n/);
      expect(text).toMatch(/expired, 1 request\n/);

      const [, exported, command] =
        /\n {2}export (.*)\n {2}node dist\/cli\/main\.js (send .*)\n/.exec(text) ?? [];
      const [, token, auditUrl] = /Bearer ([0-9a-f]+)" \\\s+"([^"]+)"/.exec(text) ?? [];
      const variables = Object.fromEntries(exported!.split(' ').map((one) => one.split('=')));
      expect(variables['LIVE_CALLBACK_URL']).toBe(`${url}/live-callback`);
      const answer = execFileSync(process.execPath, [cli, ...command!.split(' ')], {
        env: { PATH: process.env['PATH'], ...variables },
        encoding: 'utf8',
      });
      expect(answer).toContain('/live-callback/stream-push: 200 {"code":0}');
      const headers = { authorization: `Bearer ${token}` };
      expect(await (await fetch(auditUrl!, { headers })).json()).toMatchObject({
        items: { length: 5 },
      });
      const audit = await fetch(auditUrl!.replace('limit=5', 'limit=50'), { headers });
      const { items } = (await audit.json()) as { items: { kind: string }[] };
      const kinds = items.map(({ kind }) => kind);
      expect(kinds.filter((kind) => !kind.startsWith('session-')).slice(0, 5)).toEqual([
        'stream-push',
        'stream-interrupt',
        'stream-push',
        'record-file',
        'record-status',
      ]);
      expect(kinds).toContain('session-started');
      expect(text).toContain(`  ${url}/console\n  Token to paste there: ${token}\n`);
      expect(await (await fetch(`${url}/console`)).text()).toContain('data-sign-in="token"');
      const dead = await fetch(`${url}/console/api/dead-letters`, { headers });
      expect(await dead.json()).toMatchObject({
        items: [{ listener: 'moderation-demo', count: 1 }],
      });

      const compared = await fetch(`${url}/console/api/reconciliation`, { headers });
      expect(await compared.json()).toMatchObject({
        isCaughtUp: true,
        corrections: { 'callback callback-record': 2 },
        repairs: { length: 2 },
      });

      child.kill('SIGINT');
      expect(await exited).toBe(0);
    });
  });

  it('with a key plays nothing, and answers its probes, callbacks and audit API', async () => {
    const { child, url, output, exited } = await start({
      HOST: '127.0.0.1',
      LIVE_CALLBACK_KEYS: `push.example.com=${KEY}, ${KEY.toUpperCase()}`,
      LIVE_CALLBACK_ADMIN_TOKEN: TOKEN,
      LIVE_CALLBACK_READ_TOKEN: `Read${TOKEN}`,
      LIVE_CALLBACK_REVEAL_TOKEN: `Reveal${TOKEN}`,
      LIVE_CALLBACK_URL_TOKEN: 'UrlTokenOfTheTest',
      DATABASE_URL: `sqlite:${join(folder, 'keys.db')}`,
    });
    const get = (path: string, headers = {}) =>
      fetch(url + path, { headers }).then(({ status }) => status, String);
    await expect.poll(() => get('/health/live'), { timeout: 20_000 }).toBe(200);
    expect(await get('/health/ready')).toBe(200);
    const request = signCallback(streamPushCallback(), { key: KEY });
    const send = (query: string) => fetch(`${url}/live-callback${query}`, request);
    expect((await send('')).status).toBe(401);
    expect((await send('?token=UrlTokenOfTheTest')).status).toBe(200);
    expect(await get('/live-callback/audit/callbacks')).toBe(401);
    const authorization = `Bearer ${TOKEN}`;
    const audit = await fetch(`${url}/live-callback/audit/callbacks`, {
      headers: { authorization },
    });
    const { items } = (await audit.json()) as { items: { id: string; kind: string }[] };
    expect(items).toMatchObject([{ kind: 'stream-push' }]);
    const reveal = `/live-callback/audit/callbacks/${items[0]!.id}?reveal=body`;
    const revealBy = (token: string) => get(reveal, { authorization: `Bearer ${token}` });
    expect(await revealBy(`Read${TOKEN}`)).toBe(403);
    expect(await revealBy(`Reveal${TOKEN}`)).toBe(200);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(output()).not.toContain('Demo');
    for (const secret of [KEY, TOKEN, 'UrlTokenOfTheTest', String(request.payload['sign'])]) {
      expect(output()).not.toContain(secret);
    }
  });

  it.skipIf(isRedisAbsent)('receives in one process and listens in another', async () => {
    const redis = await startPrivateRedis();
    const shared = {
      HOST: '127.0.0.1',
      DATABASE_URL: `sqlite:${join(folder, 'roles.db')}`,
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    };
    const ready = ({ url }: Running) =>
      fetch(`${url}/health/ready`).then(({ status }) => status, String);
    const intake = await start({
      ...shared,
      LIVE_CALLBACK_ROLE: 'intake',
      LIVE_CALLBACK_KEYS: KEY,
    });
    await expect.poll(() => ready(intake), { timeout: 20_000 }).toBe(200);
    const worker = await start({
      ...shared,
      LIVE_CALLBACK_ROLE: 'worker',
      LOG_LEVEL: 'debug',
    });
    await expect.poll(() => ready(worker), { timeout: 20_000 }).toBe(200);
    const request = signCallback(streamPushCallback({ stream_id: 'room-7' }), { key: KEY });
    expect((await fetch(`${intake.url}/live-callback`, request)).status).toBe(200);
    expect((await fetch(`${worker.url}/live-callback`, request)).status).toBe(404);
    await expect.poll(worker.output, { timeout: 20_000 }).toMatch(/stream-push \S+room-7/);
    expect(intake.output()).not.toContain('room-7');
    for (const { child, exited } of [worker, intake]) {
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
    }
  });

  it('ends within its bound although a half-sent request holds a connection', async () => {
    const { child, url, exited } = await start({
      LIVE_CALLBACK_KEYS: KEY,
      HOST: '127.0.0.1',
      DATABASE_URL: `sqlite:${join(folder, 'half.db')}`,
    });
    const ready = () => fetch(`${url}/health/live`).then(({ status }) => status, String);
    await expect.poll(ready, { timeout: 20_000 }).toBe(200);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      'POST /live-callback HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    );
    await expect.poll(() => socket.bytesWritten).toBeGreaterThan(0);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    socket.destroy();
  });

  it('that cannot start says why and what to write instead', async () => {
    const { output, exited } = await start({ DATABASE_URL: 'oracle://secret@host/db' });
    expect(await exited).toBe(1);
    expect(output()).toContain('The application did not start. DATABASE_URL must begin with');
    expect(output()).not.toContain('secret');
  });

  it('whose port is taken says how to choose another', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    const { output, exited } = await start({
      PORT: String(port),
      DATABASE_URL: `sqlite:${join(folder, 'port.db')}`,
    });
    expect(await exited).toBe(1);
    expect(output()).toContain('Choose another port: PORT=3001 npm start');
    server.close();
  });
});
