/**
 * Who may use the audit API for what: the rights of its tokens, bodies without their secrets, and posts that
 * a page of another origin has a browser send.
 */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';

import {
  LiveCallback,
  LiveCallbackAuditService,
  onLiveCallbackSignal,
  type AuditApiOptions,
} from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS, KEY, startHost, type AdapterName, type Host } from '../support/application.js';
import { createSqlite } from '../support/databases.js';
import { LogLines } from '../support/log-lines.js';
import { onTestFinished } from '../support/current-test.js';

const TOKENS = {
  token: 'TokenOfThoseWhoAct',
  readToken: 'TokenOfThoseWhoRead',
  revealToken: 'TokenOfThoseWhoReveal',
};
const WHY = { reason: 'again' };
const SECRET = 'PushCredential0123';

/** Lets in who has a cookie, as a session of the host would. */
@Injectable()
class CookieGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Visitor>();
    request.user = request.headers['cookie'];
    return request.user !== undefined;
  }
}

interface Visitor {
  headers: Record<string, string | undefined>;
  user?: string | undefined;
}

interface Stage {
  readonly host: Host;
  readonly id: string;
  readonly sign: string;
  readonly logger: LogLines;
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
  /** Status of a post that acts. */
  readonly act: (headers: Record<string, string>, body?: string) => Promise<number>;
}

/** A host that has stored one callback; its audit API is as given. */
async function open(
  adapter: AdapterName,
  audit: AuditApiOptions,
): Promise<[Stage, () => Promise<void>]> {
  const database = await createSqlite();
  const logger = new LogLines();
  const host = await startHost({
    adapter,
    database: database.options,
    options: { audit },
    application: { logger },
  });
  const stream_param = `txSecret=${SECRET}`;
  const signed = signCallback(streamPushCallback({ stream_param }), { key: KEY });
  expect((await host.send(signed)).status).toBe(200);
  const service = host.app.get(LiveCallbackAuditService, { strict: false });
  const id = (await service.find()).items[0]!.id;
  const ask = (path: string, init?: RequestInit) =>
    fetch(`${host.url}/live-callback/audit/${path}`, init);
  const act = async (headers: Record<string, string>, body = JSON.stringify(WHY)) =>
    (await ask(`callbacks/${id}/replay`, { method: 'POST', headers, body })).status;
  const close = async () => {
    await host.close();
    await database.drop();
  };
  return [{ host, id, sign: String(signed.payload['sign']), logger, ask, act }, close];
}

const json = { 'content-type': 'application/json' };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe.each(ADAPTERS)('on %s, a token of the audit API', (adapter) => {
  let stage: Stage;
  let close: () => Promise<void>;
  beforeAll(async () => ([stage, close] = await open(adapter, TOKENS)));
  afterAll(() => close?.());

  it.each([
    ['token', [200, 200, 403]],
    ['readToken', [200, 403, 403]],
    ['revealToken', [200, 403, 200]],
  ] as const)('%s has its rights and no others', async (name, statuses) => {
    const { ask, act, id } = stage;
    const headers = bearer(TOKENS[name]);
    expect([
      (await ask(`callbacks/${id}`, { headers })).status,
      await act({ ...headers, ...json }),
      (await ask(`callbacks/${id}?reveal=body`, { headers })).status,
    ]).toEqual(statuses);
  });

  it('that is wrong is counted, with its reason and without itself', async () => {
    const { ask, host } = stage;
    const heard: unknown[] = [];
    onTestFinished(onLiveCallbackSignal('refused', (message) => heard.push(message)));
    for (let count = 0; count < 5; count++) {
      expect((await ask('stats', { headers: bearer('GuessedGuessedGuessed') })).status).toBe(401);
    }
    expect(heard).toHaveLength(5);
    await host.app.get(RejectionRecorder, { strict: false }).flush();
    const rejections = await ask('rejections', { headers: bearer(TOKENS.token) });
    const text = await rejections.text();
    expect(JSON.parse(text)).toMatchObject({
      items: [{ reason: 'audit-token', remoteAddress: '127.0.0.1', excerpt: null }],
    });
    expect(text).not.toContain('Guessed');
  });

  it('gets bodies without pair and push credentials', async () => {
    const { ask, id, sign } = stage;
    for (const token of Object.values(TOKENS)) {
      const text = await (await ask(`callbacks/${id}`, { headers: bearer(token) })).text();
      const { body, data } = JSON.parse(text) as { body: string; data: object };
      expect(text).not.toContain(sign);
      expect(text).not.toContain(SECRET);
      expect(JSON.parse(body)).toMatchObject({ t: '***', sign: '***', stream_param: '***' });
      expect(data).toMatchObject({ stream_param: '***', stream_id: expect.any(String) });
    }
  });

  it('that may reveal gets the body as it was, and row, log and signal say so', async () => {
    const { ask, id, sign, host, logger } = stage;
    const heard: unknown[] = [];
    onTestFinished(onLiveCallbackSignal('revealed', (message) => heard.push(message)));
    const actor = 'audit API from 127.0.0.1';
    const rows = host.app
      .get(CallbackDatabase, { strict: false })
      .dataSource.getRepository(LiveCallback);
    const before = (await rows.findOneByOrFail({ id })).revealsCount;
    const headers = bearer(TOKENS.revealToken);
    const answer = (await (await ask(`callbacks/${id}?reveal=body`, { headers })).json()) as {
      body: string;
    };
    expect(answer.body).toContain(sign);
    expect(answer.body).toContain(SECRET);
    expect(answer).toMatchObject({ reveal: { actor, count: before + 1 } });
    expect(await rows.findOneByOrFail({ id })).toMatchObject({
      revealActor: actor,
      revealsCount: before + 1,
      revealedAt: expect.any(Date),
    });
    expect(heard).toEqual([{ id, actor }]);
    expect(logger.of('warn')).toContainEqual(`The body of callback ${id} was revealed to ${actor}`);
    expect((await ask(`callbacks/${id}?reveal=all`, { headers })).status).toBe(400);
  });

  it('that acts may erase, and row and receipt say where that came from', async () => {
    const { ask, host } = stage;
    const userIp = '203.0.113.77';
    for (const user_ip of [userIp, '203.0.113.7']) {
      const signed = signCallback(streamPushCallback({ user_ip, stream_id: user_ip }), {
        key: KEY,
      });
      expect((await host.send(signed)).status).toBe(200);
    }
    const erase = (token: string, body: object, headers = json) =>
      ask('erasures', {
        method: 'POST',
        headers: { ...bearer(token), ...headers },
        body: JSON.stringify(body),
      });
    const request = { userIp, reason: 'asked for on paper' };
    const { token, readToken, revealToken } = TOKENS;
    const refused = [
      await erase(readToken, request),
      await erase(revealToken, request),
      await erase(token, request, { 'content-type': 'text/plain' }),
      await erase(token, { ...request, dryrun: true }),
      await erase(token, { ...request, dryRun: 'yes' }),
      await erase(token, { ...request, actor: 'somebody else' }),
      await erase(token, { ...request, userIp: [userIp] }),
      await erase(token, { reason: 'nobody' }),
      await erase(token, { userIp }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([
      403, 403, 415, 400, 400, 400, 400, 400, 400,
    ]);
    const actor = 'audit API from 127.0.0.1';
    const receipt = { bodies: 1, excerpts: 0, spooled: 0, held: 0, actor, reason: request.reason };
    expect(await (await erase(token, { ...request, dryRun: true })).json()).toMatchObject(receipt);
    const answer = await erase(token, request);
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { ...receipt, at: expect.stringMatching(/Z$/) },
    ]);
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    const erasedOf = async (stream: string) => {
      const { items } = await audit.find({ stream });
      const { body, erased } = (await audit.get(items[0]!.id))!;
      return { hasBody: body !== null, erased };
    };
    const erased = { reason: request.reason, actor };
    expect(await erasedOf(userIp)).toEqual({ hasBody: false, erased });
    expect(await erasedOf('203.0.113.7')).toEqual({ hasBody: true, erased: null });
  });

  it('gets no answer that a cache may keep, whatever it says', async () => {
    const { ask, id } = stage;
    const headers = bearer(TOKENS.token);
    const answers = [
      await ask('callbacks'),
      await ask('callbacks', { headers }),
      await ask('callbacks?limit=0', { headers }),
      await ask('callbacks/nonsense', { headers }),
      await ask(`callbacks/${id}?reveal=body`, { headers }),
      await ask(`callbacks/${id}/replay`, { method: 'POST', headers }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 200, 400, 404, 403, 415]);
    expect(answers.map((answer) => answer.headers.get('cache-control'))).toEqual(
      answers.map(() => 'no-store'),
    );
  });
});

describe.each(ADAPTERS)('on %s, with guards that go by a cookie', (adapter) => {
  let stage: Stage;
  let close: () => Promise<void>;
  const cookie = { cookie: 'session=ops' };
  beforeAll(async () => ([stage, close] = await open(adapter, { guards: [CookieGuard] })));
  afterAll(() => close?.());

  it.each([
    ['application/x-www-form-urlencoded', 'reason=again'],
    ['text/plain', JSON.stringify(WHY)],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/jsonx', JSON.stringify(WHY)],
  ])('a post of %s is refused with 415', async (type, body) => {
    expect(await stage.act({ ...cookie, 'content-type': type }, body)).toBe(415);
  });

  it('a post of JSON is taken from pages of this origin and from programs, and from nobody else', async () => {
    const { act, host } = stage;
    const from = (headers: Record<string, string>) => act({ ...cookie, ...json, ...headers });
    expect(await from({})).toBe(200);
    expect(await from({ origin: host.url })).toBe(200);
    expect(await from({ 'content-type': 'application/json; charset=utf-8' })).toBe(200);
    expect(await from({ origin: 'https://elsewhere.example.com' })).toBe(403);
    expect(await from({ origin: 'null' })).toBe(403);
    expect(await from({ origin: 'nonsense' })).toBe(403);
  });

  it('who is let in reads and acts, and nobody reveals', async () => {
    const { ask, id, act } = stage;
    expect((await ask(`callbacks/${id}`, { headers: cookie })).status).toBe(200);
    expect(await act({ ...cookie, ...json })).toBe(200);
    const revealed = await ask(`callbacks/${id}?reveal=body`, { headers: cookie });
    expect(revealed.status).toBe(403);
    expect(await revealed.text()).toContain('audit.authorize or audit.revealToken says who');
  });
});

it.each(ADAPTERS)('on %s, the host says by authorize who has which right', async (adapter) => {
  const [stage, close] = await open(adapter, {
    guards: [CookieGuard],
    // What the guards have found out is there.
    authorize: async ({ user }: Visitor, right) => user?.includes(right) === true,
  });
  onTestFinished(close);
  const { ask, id, act } = stage;
  for (const [cookie, statuses] of [
    ['read', [200, 403, 403]],
    ['read,act', [200, 200, 403]],
    ['read,reveal', [200, 403, 200]],
    ['none', [403, 403, 403]],
  ] as const) {
    expect([
      (await ask(`callbacks/${id}`, { headers: { cookie } })).status,
      await act({ cookie, ...json }),
      (await ask(`callbacks/${id}?reveal=body`, { headers: { cookie } })).status,
    ]).toEqual(statuses);
  }
});

describe.each(ADAPTERS)('an order, on %s,', (adapter) => {
  const why = { reason: 'over' };

  it.each([
    ['that says nothing', null, ['listeners/pause', 'listeners/resume', 'erasures']],
    ['that says nothing', null, ['dead-letters/replay', 'dead-letters/discard']],
    ['without a reason', { filter: {} }, ['dead-letters/replay', 'dead-letters/discard']],
    ['about a filter that is none', { filter: 5, ...why }, ['dead-letters/discard']],
    ['about a list of filters', { filter: [], ...why }, ['dead-letters/discard']],
    ['about a name that no column takes', { listener: 'a\0', ...why }, ['listeners/pause']],
  ])('%s is refused, and is no fault of this side', async (_name, order, paths) => {
    const [{ ask, logger }, close] = await open(adapter, { token: TOKENS.token });
    onTestFinished(close);
    const headers = { authorization: `Bearer ${TOKENS.token}`, 'content-type': 'application/json' };
    for (const path of paths) {
      const { status } = await ask(path, { method: 'POST', headers, body: JSON.stringify(order) });
      expect([path, status]).toEqual([path, 400]);
    }
    expect(logger.of('error')).toEqual([]);
  });
});
