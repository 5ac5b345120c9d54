/**
 * The audit HTTP API: off by default, behind a token or the host's guards, and with answers of the
 * documented shape that hold no secret of the application.
 */
import {
  Injectable,
  ValidationPipe,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LiveCallbackAuditService, OnLiveEvent, type AuditApiOptions } from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import {
  screenshotCallback,
  signCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { ADAPTERS, KEY, startHost, type Host } from '../support/application.js';
import { createSqlite, type TestDatabase } from '../support/databases.js';
import { scratchHost } from '../support/scratch.js';

const TOKEN = 'audit-token-of-many-characters';
const ROUTES = ['callbacks', 'callbacks/x', 'rejections', 'stats'];
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

@Injectable()
class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string | undefined> }>();
    return headers['x-admin'] === 'yes';
  }
}

@Injectable()
class FailsOnPictures {
  @OnLiveEvent('*', { id: 'pictures', backoffMs: 600_000 })
  on({ kind }: { kind: string }) {
    if (kind === 'screenshot') throw new Error('no pictures');
  }
}

interface JsonAnswer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown> & { items?: Record<string, unknown>[] };
}

async function get(host: Host, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${host.url}/live-callback/audit/${path}`, { headers });
  const text = await response.text();
  const json = (text.startsWith('{') ? JSON.parse(text) : {}) as JsonAnswer['json'];
  return { status: response.status, text, json } satisfies JsonAnswer;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe.each(ADAPTERS)('the audit API on %s', (adapter) => {
  const start = (audit?: AuditApiOptions) => scratchHost({ adapter, options: { audit } });
  const statuses = async (host: Host, headers?: Record<string, string>) =>
    Promise.all(ROUTES.map(async (route) => (await get(host, route, headers)).status));

  describe('lets in', () => {
    it('nobody by default: there are no such routes', async () => {
      expect(await statuses(await start(), bearer(TOKEN))).toEqual([404, 404, 404, 404]);
    });

    it('bearers of the token alone', async () => {
      const host = await start({ token: TOKEN });
      expect(await statuses(host, bearer(TOKEN))).toEqual([200, 404, 200, 200]);
      expect(await statuses(host, { authorization: `bearer ${TOKEN}` })).toEqual([
        200, 404, 200, 200,
      ]);
      for (const headers of [
        {},
        { authorization: '' },
        { authorization: 'Bearer ' },
        { authorization: TOKEN },
        { authorization: `Basic ${TOKEN}` },
        bearer(TOKEN.slice(1)),
        bearer(TOKEN.slice(0, -1)),
        bearer(`${TOKEN}x`),
        bearer(TOKEN.toUpperCase()),
      ]) {
        expect(await statuses(host, headers)).toEqual([401, 401, 401, 401]);
      }
      const { status } = await get(host, `callbacks?token=${TOKEN}`);
      expect(status).toBe(401);
    });

    it("whom the host's guards let in, where there is no token", async () => {
      const host = await start({ guards: [AdminGuard] });
      expect(await statuses(host)).toEqual([403, 403, 403, 403]);
      expect(await statuses(host, { 'x-admin': 'yes' })).toEqual([200, 404, 200, 200]);
    });

    it('with token and guards those alone who have both', async () => {
      const host = await start({ token: TOKEN, guards: [AdminGuard] });
      expect(await statuses(host, { 'x-admin': 'yes' })).toEqual([401, 401, 401, 401]);
      expect(await statuses(host, bearer(TOKEN))).toEqual([403, 403, 403, 403]);
      expect(await statuses(host, { 'x-admin': 'yes', ...bearer(TOKEN) })).toEqual([
        200, 404, 200, 200,
      ]);
    });

    it('no callback that should come to a callback route', async () => {
      const host = await start({ token: TOKEN });
      const signed = signCallback(streamPushCallback(), { key: KEY });
      expect((await host.send(signed, '/live-callback/audit/callbacks')).status).toBe(404);
    });
  });

  describe('answers', () => {
    let database: TestDatabase;
    let host: Host;
    const forged = signCallback(streamPushCallback(), { key: 'another-key-of-16' });
    const ask = (path: string) => get(host, path, bearer(TOKEN));
    beforeAll(async () => {
      database = await createSqlite();
      host = await startHost({
        adapter,
        database: database.options,
        options: { audit: { token: TOKEN } },
        module: { providers: [FailsOnPictures] },
        // The host's own pipe must not break the parameters.
        configure: (app) =>
          void app.useGlobalPipes(
            new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
          ),
      });
      await host.send(signCallback(streamPushCallback({ stream_id: 'one' }), { key: KEY }));
      await host.send(signCallback(screenshotCallback({ stream_id: 'two' }), { key: KEY }));
      await host.send(signCallback(streamPushCallback({ stream_id: ['x'] }), { key: KEY }));
      await host.send(forged);
      await whenListenersDone(host.app);
      await host.app.get(RejectionRecorder, { strict: false }).flush();
    });
    afterAll(async () => {
      await host?.close();
      await database?.drop();
    });

    it('with rows of the documented shape', async () => {
      const { status, json } = await ask('callbacks?stream=one');
      expect(status).toBe(200);
      expect(json).toEqual({
        items: [
          {
            id: expect.stringMatching(/^[0-9a-f-]{36}$/),
            kind: 'stream-push',
            eventType: 1,
            state: 'accepted',
            origin: 'callback',
            stream: { appId: '12345678', domain: 'push.example.com', path: 'live', name: 'one' },
            sequence: expect.stringMatching(/^\d+$/),
            occurredAt: expect.stringMatching(ISO),
            receivedAt: expect.stringMatching(ISO),
            conflicting: false,
            receiptsCount: 1,
          },
        ],
        nextCursor: null,
      });
    });

    it('to every parameter', async () => {
      const streams = async (query: string) =>
        (await ask(`callbacks?${query}`)).json.items?.map(
          ({ stream }) => (stream as { name: string }).name,
        );
      expect(await streams('')).toEqual([null, 'two', 'one']);
      expect(await streams('kind=screenshot')).toEqual(['two']);
      expect(await streams('domain=push.example.com&path=live&stream=one')).toEqual(['one']);
      expect(await streams('state=quarantined')).toEqual([null]);
      expect(await streams('delivery=pending')).toEqual(['two']);
      expect(await streams('delivery=done')).toEqual(['one']);
      expect(await streams('delivery=dead')).toEqual([]);
      expect(await streams('from=2020-01-01')).toHaveLength(3);
      expect(await streams('from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00.000Z')).toEqual([]);
    });

    it('in pages', async () => {
      const names: unknown[] = [];
      let cursor = '';
      for (;;) {
        const { json } = await ask(`callbacks?limit=2${cursor}`);
        names.push(...json.items!.map(({ stream }) => (stream as { name: string | null }).name));
        if (json['nextCursor'] === null) break;
        cursor = `&cursor=${encodeURIComponent(json['nextCursor'] as string)}`;
      }
      expect(names).toEqual([null, 'two', 'one']);
    });

    it('with one callback in full', async () => {
      const id = (await ask('callbacks?stream=two')).json.items![0]!['id'] as string;
      const { status, json } = await ask(`callbacks/${id}`);
      expect(status).toBe(200);
      expect(json).toMatchObject({
        id,
        kind: 'screenshot',
        sequence: null,
        stream: { appId: null, name: 'two' },
        body: expect.stringMatching(/^\{.*"event_type":200.*\}$/),
        data: { event_type: 200, stream_id: 'two', width: 1280 },
        errors: [],
        deliveries: [
          {
            listener: 'pictures',
            state: 'pending',
            attempts: 1,
            lastError: 'Error: no pictures',
            nextAttemptAt: expect.any(String),
          },
        ],
      });
      const row = (await ask('callbacks?stream=two')).json.items![0]!;
      expect(json).toMatchObject(row);
    });

    it('with the reasons of a quarantine', async () => {
      const id = (await ask('callbacks?state=quarantined')).json.items![0]!['id'] as string;
      expect((await ask(`callbacks/${id}`)).json).toMatchObject({
        data: null,
        errors: ['stream_id must be a string'],
        deliveries: [],
      });
    });

    it('with refused requests', async () => {
      expect((await ask('rejections')).json).toEqual({
        items: [
          {
            reason: 'sign-mismatch',
            count: 1,
            remoteAddress: '127.0.0.1',
            excerpt: expect.any(String),
            firstAt: expect.stringMatching(ISO),
            lastAt: expect.stringMatching(ISO),
          },
        ],
        nextCursor: null,
      });
    });

    it('with statistics', async () => {
      for (const query of ['', '?bucket=minute', '?bucket=hour', '?bucket=day']) {
        const { status, json } = await ask(`stats${query}`);
        expect(status).toBe(200);
        const items = json.items!;
        const total = items.reduce((sum, { count }) => sum + Number(count), 0);
        expect(total).toBe(3);
        for (const item of items) {
          expect(item).toEqual({
            bucket: expect.stringMatching(ISO),
            kind: expect.any(String),
            state: expect.any(String),
            count: expect.any(Number),
          });
        }
      }
    });

    it.each([
      ['callbacks?limit=0', 'limit must be an integer from 1 to 500'],
      ['callbacks?limit=501', 'limit must be an integer from 1 to 500'],
      ['callbacks?limit=ten', 'limit must be an integer from 1 to 500'],
      ['callbacks?limit=', 'limit must be an integer from 1 to 500'],
      ['callbacks?limit=1&limit=2', 'limit must be given once'],
      ['callbacks?cursor=nonsense', 'cursor must be the nextCursor of an earlier answer'],
      ['callbacks?cursor=', 'cursor must be the nextCursor of an earlier answer'],
      ['callbacks?kind=a&kind=b', 'kind must be given once'],
      [
        'callbacks?state=fine',
        'state must be one of accepted, unknown, quarantined, discarded, reconciled',
      ],
      [
        'callbacks?delivery=fine',
        'delivery must be one of pending, done, dead, discarded, superseded',
      ],
      ['callbacks?from=yesterday', 'from must be an ISO 8601 time such as 2026-01-31T12:00:00Z'],
      ['callbacks?to=2026-13-01', 'to must be an ISO 8601 time such as 2026-01-31T12:00:00Z'],
      ['callbacks?to=1769860800', 'to must be an ISO 8601 time such as 2026-01-31T12:00:00Z'],
      [
        'callbacks?page=2',
        'unknown parameter; known are kind, domain, path, stream, state, delivery, from, to, cursor, limit',
      ],
      ['rejections?limit=-1', 'limit must be an integer from 1 to 500'],
      ['rejections?cursor=x', 'cursor must be the nextCursor of an earlier answer'],
      ['rejections?kind=x', 'unknown parameter; known are cursor, limit'],
      ['stats?bucket=week', 'bucket must be one of minute, hour, day'],
      ['stats?from=x', 'from must be an ISO 8601 time such as 2026-01-31T12:00:00Z'],
      [
        'stats?from=1990-01-01&bucket=minute',
        'the period holds more than 10000 buckets; choose a longer bucket',
      ],
      ['stats?limit=1', 'unknown parameter; known are from, to, bucket'],
    ])('400 to %s', async (path, message) => {
      expect(await ask(path)).toMatchObject({ status: 400, json: { message } });
    });

    it.each([
      'callbacks/0197a000-0000-7000-8000-000000000000',
      'callbacks/nonsense',
      'callbacks/%00',
    ])('404 to %s', async (path) => {
      expect(await ask(path)).toMatchObject({
        status: 404,
        json: { message: 'there is no callback with this id' },
      });
    });

    it('without a secret of the application', async () => {
      const { items } = await host.app.get(LiveCallbackAuditService, { strict: false }).find();
      const details = items.map(({ id }) => `callbacks/${id}`);
      const paths = ['callbacks', 'rejections', 'stats', 'callbacks?limit=0', ...details];
      const texts = await Promise.all(paths.map(async (path) => (await ask(path)).text));
      texts.push((await get(host, 'callbacks', bearer('wrong-token-of-16'))).text);
      for (const secret of [KEY, TOKEN, String(forged.payload['sign'])]) {
        expect(texts.join('\n')).not.toContain(secret);
      }
      const lists = texts.slice(0, 3).join('\n');
      expect(lists).not.toMatch(/[0-9a-f]{32}/);
      expect(lists).not.toContain('stream_param=test');
    });
  });

  it('answers with 503 while the database is away', async () => {
    const host = await scratchHost({ options: { audit: { token: TOKEN } } });
    await host.app.get(CallbackDatabase, { strict: false }).close();
    expect(await get(host, 'callbacks', bearer(TOKEN))).toMatchObject({
      status: 503,
      json: { message: 'The database of the callbacks does not answer.' },
    });
  });

  it('stays where the callback routes are: below the base path and a global prefix', async () => {
    const host = await scratchHost({
      adapter,
      options: { path: 'hooks', audit: { token: TOKEN } },
      configure: (app) => void app.setGlobalPrefix('api'),
    });
    const url = `${host.url}/api/hooks/audit/stats`;
    expect((await fetch(url, { headers: bearer(TOKEN) })).status).toBe(200);
  });
});
