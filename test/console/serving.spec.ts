/**
 * The console as the host serves it, on both adapters: whom it lets in, what it answers them, below which
 * prefix, and what stops it from starting.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Injectable, type CanActivate, type ExecutionContext, type Provider } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import {
  LiveCallbackConsoleError,
  LiveCallbackConsoleModule,
  type ConsoleTemplates,
} from '../../src/console/index.js';
import {
  CONSOLE_FILES,
  type LiveCallbackConsoleOptions,
} from '../../src/console/live-callback-console.options.js';
import {
  LiveCallbackAuditService,
  LiveCallbackError,
  LiveCallbackModule,
  type LiveCallbackModuleOptions,
} from '../../src/index.js';
import {
  SessionComparison,
  type ComparisonOverview,
  type ComparisonResult,
} from '../../src/sessions/session.comparison.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS, KEY, startWith, type AdapterName, type Host } from '../support/application.js';
import { createSqlite, type TestDatabase } from '../support/databases.js';

const TOKEN = 'TokenOfThoseWhoAct';
const READ_TOKEN = 'TokenOfThoseWhoRead';
const REVEAL_TOKEN = 'TokenOfThoseWhoReveal';
const SCRIPT = 'console.log("the page")';
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'";

/** Lets in who has a cookie, as a session of the host would. */
@Injectable()
class CookieGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return headers['cookie'] === 'session=1';
  }
}

const files = mkdtempSync(join(tmpdir(), 'live-callback-console-'));
mkdirSync(join(files, 'assets'));
writeFileSync(
  join(files, 'index.html'),
  '<html data-sign-in=""><script src="./assets/a-1.js"></script></html>',
);
writeFileSync(join(files, 'assets/a-1.js'), SCRIPT);
afterAll(() => rmSync(files, { recursive: true }));

const register = (options: LiveCallbackConsoleOptions) =>
  LiveCallbackConsoleModule.register({ ...options, [CONSOLE_FILES]: files });

interface Opened {
  readonly host: Host;
  readonly database: TestDatabase;
  readonly id: string;
  readonly ask: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly act: (headers: Record<string, string>) => Promise<number>;
  readonly close: () => Promise<void>;
}

async function open(
  adapter: AdapterName,
  options: LiveCallbackConsoleOptions,
  {
    prefix = '',
    at = '/console',
    providers = [],
  }: { prefix?: string; at?: string; providers?: Provider[] } = {},
): Promise<Opened> {
  const database = await createSqlite();
  const live = LiveCallbackModule.forRoot({ keys: KEY, database: database.options });
  const host = await startWith([live, register(options)], {
    adapter,
    module: { providers: [CookieGuard, ...providers] },
    configure: (app) => void (prefix && app.setGlobalPrefix(prefix)),
  });
  const push = signCallback(streamPushCallback({ stream_param: 'txSecret=Sesame' }), { key: KEY });
  expect((await host.send(push, `${prefix && `/${prefix}`}/live-callback`)).status).toBe(200);
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  const id = (await audit.find()).items[0]!.id;
  const base = `${host.url}${prefix && `/${prefix}`}${at}`;
  return {
    host,
    database,
    id,
    ask: (path, headers = {}) => fetch(base + path, { headers }),
    act: async (headers) =>
      (
        await fetch(`${base}/api/callbacks/${id}/replay`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ reason: 'again' }),
        })
      ).status,
    close: async () => {
      await host.close();
      await database.drop();
    },
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const JSON_TYPE = { 'content-type': 'application/json' };
const OWN = { ...JSON_TYPE, 'x-live-callback-console': '1' };

describe.each(ADAPTERS)('on %s, behind tokens, the console', (adapter) => {
  let opened: Opened;
  beforeAll(async () => {
    const tokens = { token: TOKEN, readToken: READ_TOKEN, revealToken: REVEAL_TOKEN };
    opened = await open(adapter, tokens);
  });
  afterAll(() => opened?.close());

  // Fastify tells a path from the same with a slash behind it.
  it.each(adapter === 'express' ? ['', '/'] : [''])(
    'is a page that says where its files are, asked with "%s" behind its path',
    async (path) => {
      const response = await opened.ask(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const text = await response.text();
      expect(text).toContain('data-sign-in="token"');
      const [, name] = /src="([^"]+)"/.exec(text) ?? [];
      const script = await fetch(new URL(name!, response.url));
      expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
      expect(await script.text()).toBe(SCRIPT);
    },
  );

  it('sends its files compressed to those who take that, and plain to others', async () => {
    const ask = (encoding: string) =>
      new Promise<unknown[]>((resolve, reject) => {
        const url = `${opened.host.url}/console/assets/a-1.js`;
        request(url, { headers: { 'accept-encoding': encoding } }, (response) => {
          response.resume();
          resolve([response.headers['content-encoding'], response.headers['vary']]);
        })
          .on('error', reject)
          .end();
      });
    expect(await ask('gzip, br')).toEqual(['gzip', 'accept-encoding']);
    expect(await ask('identity')).toEqual([undefined, 'accept-encoding']);
  });

  it.each(['/assets/b-2.js', '/assets/..%2f..%2fpackage.json', '/nothing', '/api/nothing'])(
    'has nothing at %s',
    async (path) => {
      expect((await opened.ask(path, bearer(TOKEN))).status).toBe(404);
    },
  );

  it.each(['', '/assets/a-1.js', '/assets/nothing.js', '/api/callbacks'])(
    'puts its headers on the answer of "%s", a refusal too',
    async (path) => {
      const { headers } = await opened.ask(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': POLICY,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-robots-tag': 'noindex',
      });
    },
  );

  it('answers questions to bearers of a token alone', async () => {
    const questions = ['callbacks', 'listeners', 'dead-letters', 'refusals', 'standing', 'stats'];
    for (const question of questions) {
      expect((await opened.ask(`/api/${question}`)).status).toBe(401);
      expect((await opened.ask(`/api/${question}`, bearer('WrongWrongWrongWrong'))).status).toBe(
        401,
      );
      expect((await opened.ask(`/api/${question}`, bearer(READ_TOKEN))).status).toBe(200);
    }
  });

  it('asks for the last day once, however many look at it', async () => {
    const asked = vi.spyOn(LiveCallbackAuditService.prototype, 'stats');
    onTestFinished(() => asked.mockRestore());
    const lastDays = [1, 2, 3].map(async () =>
      (await opened.ask('/api/stats', bearer(TOKEN))).text(),
    );
    expect(new Set(await Promise.all(lastDays)).size).toBe(1);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(1);
    await opened.ask('/api/stats?bucket=day', bearer(TOKEN));
    expect(asked).toHaveBeenLastCalledWith(expect.objectContaining({ bucket: 'day' }));
  });

  it('says what a token may do, and lets it do that alone', async () => {
    const rightsOf = async (token: string) =>
      ((await (await opened.ask('/api/standing', bearer(token))).json()) as { rights: string[] })
        .rights;
    expect(await rightsOf(TOKEN)).toEqual(['read', 'act']);
    expect(await rightsOf(READ_TOKEN)).toEqual(['read']);
    expect(await rightsOf(REVEAL_TOKEN)).toEqual(['read', 'reveal']);
    expect(await opened.act({ ...OWN, ...bearer(READ_TOKEN) })).toBe(403);
    expect(await opened.act({ ...OWN, ...bearer(TOKEN) })).toBe(200);
  });

  it('shows a body with its secrets to those who may reveal', async () => {
    const path = `/api/callbacks/${opened.id}`;
    expect(await (await opened.ask(path, bearer(TOKEN))).text()).not.toContain('Sesame');
    expect((await opened.ask(`${path}?reveal=body`, bearer(TOKEN))).status).toBe(403);
    const revealed = await opened.ask(`${path}?reveal=body`, bearer(REVEAL_TOKEN));
    const { body, reveal } = (await revealed.json()) as { body: string; reveal: object };
    expect(body).toContain('Sesame');
    expect(reveal).toMatchObject({ actor: 'console from 127.0.0.1', count: 1 });
  });

  it('has no templates and no comparison where there are none', async () => {
    expect((await opened.ask('/api/templates', bearer(TOKEN))).status).toBe(404);
    const standing = await (await opened.ask('/api/standing', bearer(TOKEN))).json();
    expect((await opened.ask('/api/reconciliation', bearer(TOKEN))).status).toBe(404);
    expect(standing).toMatchObject({ hasTemplates: false, hasReconciliation: false });
  });

  it('says when a question is wrong', async () => {
    const wrong = ['callbacks?kinds=x', 'listeners?x=1', 'dead-letters/count?from=x'];
    for (const path of wrong) {
      expect((await opened.ask(`/api/${path}`, bearer(TOKEN))).status).toBe(400);
    }
    const post = (path: string, body: object) =>
      opened.host.post(`/console/api/dead-letters/${path}`, {
        headers: { ...OWN, ...bearer(TOKEN) },
        body: JSON.stringify(body),
      });
    expect((await post('discard', { filter: { x: '1' }, reason: 'x', actor: 'x' })).status).toBe(
      400,
    );
    expect((await post('replay', { cursor: 'x', reason: 'x', actor: 'x' })).status).toBe(400);
    expect((await post('discard', { reason: 'nothing to do' })).status).toBe(200);
  });
});

describe.each(ADAPTERS)('on %s, behind a guard of the host, the console', (adapter) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open(
      adapter,
      { guards: [CookieGuard], path: '/admin/live/' },
      { prefix: 'v1', at: '/admin/live' },
    );
  });
  afterAll(() => opened?.close());
  const cookie = { cookie: 'session=1' };

  it('serves nothing to others, not even its page', async () => {
    for (const path of ['', '/assets/a-1.js', '/api/callbacks', '/api/standing']) {
      const response = await opened.ask(path);
      expect([path, response.status]).toEqual([path, 403]);
      expect(response.headers.get('content-security-policy')).toBe(POLICY);
    }
  });

  it('works below a global prefix and a path of several segments', async () => {
    const response = await opened.ask('', cookie);
    const text = await response.text();
    expect(text).toContain('data-sign-in="host"');
    const [, name] = /src="([^"]+)"/.exec(text) ?? [];
    const script = await fetch(new URL(name!, response.url), { headers: cookie });
    expect(await script.text()).toBe(SCRIPT);
    expect((await opened.ask('/api/callbacks', cookie)).status).toBe(200);
  });

  it('acts for its own page alone', async () => {
    const { act } = opened;
    expect(await act({ ...OWN, ...cookie })).toBe(200);
    expect(await act({ ...JSON_TYPE, ...cookie })).toBe(403);
    expect(await act({ ...OWN, ...cookie, 'content-type': 'text/plain' })).toBe(415);
    expect(await act({ ...OWN, ...cookie, origin: 'https://evil.example' })).toBe(403);
    expect(await act({ ...OWN, ...cookie, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await act({ ...OWN, ...cookie, origin: opened.host.url })).toBe(200);
    expect(await act(OWN)).toBe(403);
  });
});

describe.each(ADAPTERS)('on %s, the templates of the console', (adapter) => {
  let opened: Opened;
  const orders: string[] = [];
  const take = async (order: object, by: string) => {
    orders.push(`${JSON.stringify(order)} ${by}`);
    return { isTaken: true };
  };
  class StoppedError extends LiveCallbackError {
    readonly code = 'stopped';
    constructor(readonly reason: string) {
      super(`because it is ${reason}`);
    }
  }
  const templates: ConsoleTemplates = {
    read: async () => ({ templates: [] }),
    save: take,
    remove: take,
    apply: take,
    rotateKey: async ({ id }) => {
      throw new StoppedError(id);
    },
  };
  beforeAll(async () => {
    opened = await open(adapter, { token: TOKEN, readToken: READ_TOKEN, templates });
  });
  afterAll(() => opened?.close());
  const post = async (path: string, body: object, headers: object = bearer(TOKEN)) => {
    const url = `${opened.host.url}/console/api/templates/${path}`;
    const init = { method: 'POST', body: JSON.stringify(body) };
    return fetch(url, { ...init, headers: { ...OWN, ...headers } });
  };

  it('are read by those who may read, and changed by those who may act', async () => {
    expect((await opened.ask('/api/templates')).status).toBe(401);
    expect((await opened.ask('/api/templates', bearer(READ_TOKEN))).status).toBe(200);
    const removal = { id: 'main', revision: 'r' };
    for (const path of ['save', 'remove', 'apply', 'rotate-key']) {
      expect((await post(path, {}, {})).status).toBe(401);
      expect((await post(path, {}, bearer(READ_TOKEN))).status).toBe(403);
    }
    expect(orders).toEqual([]);
    expect(await (await post('remove', removal)).json()).toEqual({ isTaken: true });
    expect(orders).toEqual([`${JSON.stringify(removal)} console from 127.0.0.1`]);
  });

  it('are changed by the page of the console alone', async () => {
    const removal = { id: 'main', revision: 'r' };
    const foreign: object[] = [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'content-type': 'text/plain' },
    ];
    for (const headers of foreign) {
      const { status } = await post('remove', removal, { ...bearer(TOKEN), ...headers });
      expect([403, 415]).toContain(status);
    }
  });

  it.each([
    ['save', { id: 'main', revision: 'r' }],
    ['save', { id: 'main', revision: 'r', declaration: {}, isNew: 'yes' }],
    ['save', { declaration: {}, revision: 'r' }],
    ['remove', { id: 'main' }],
    ['apply', { seen: 'x', force: true }],
    ['apply', {}],
    ['rotate-key', { id: 'main', key: 12_345_678 }],
  ])('are not changed by an order to %s that does not fit, such as %j', async (path, body) => {
    expect((await post(path, body)).status).toBe(400);
  });

  it.each([
    ['invalid', 400],
    ['blocked', 409],
    ['cloud', 502],
    ['unsettled', 502],
    ['package-missing', 501],
  ])('say why an order stopped: "%s" is %i', async (id, status) => {
    const response = await post('rotate-key', { id });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ message: `because it is ${id}` });
  });
});

describe.each(ADAPTERS)('on %s, the comparison that the console shows', (adapter) => {
  let opened: Opened;
  const orders: object[] = [];
  class SampleComparison extends SessionComparison {
    readonly registration = 'default';
    overview = async () => ({ domains: [] }) as unknown as ComparisonOverview;
    run = async (order: object): Promise<ComparisonResult> => {
      orders.push(order);
      return { differences: [], count: 0, cycle: null };
    };
  }
  beforeAll(async () => {
    opened = await open(
      adapter,
      { token: TOKEN, readToken: READ_TOKEN },
      { providers: [{ provide: SessionComparison, useClass: SampleComparison }] },
    );
  });
  afterAll(() => opened?.close());
  const run = (body: object, headers: object = bearer(TOKEN)) =>
    fetch(`${opened.host.url}/console/api/reconciliation/run`, {
      method: 'POST',
      headers: { ...OWN, ...headers },
      body: JSON.stringify(body),
    });
  const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString();

  it('is read by those who may read, and made by the page for those who may act', async () => {
    expect((await opened.ask('/api/reconciliation')).status).toBe(401);
    expect((await opened.ask('/api/reconciliation', bearer(READ_TOKEN))).status).toBe(200);
    const from = hourAgo();
    expect((await run({ from }, {})).status).toBe(401);
    expect((await run({ from }, bearer(READ_TOKEN))).status).toBe(403);
    const foreign = { ...bearer(TOKEN), origin: 'https://evil.example' };
    expect((await run({ from }, foreign)).status).toBe(403);
    expect(orders).toEqual([]);
    expect((await run({ from, dryRun: true })).status).toBe(200);
    expect(orders).toEqual([{ from: new Date(from), dryRun: true }]);
  });

  it.each([{}, { from: 'x' }, { from: '2001-01-01T00:00:00Z' }, { from: hourAgo(), dryRun: 'no' }])(
    'is not made by %j',
    async (body) => {
      expect((await run(body)).status).toBe(400);
    },
  );
});

describe('the console does not start', () => {
  it.each<[LiveCallbackConsoleOptions, string]>([
    [{}, 'it needs a token or guards'],
    [{ token: '' }, 'it needs a token or guards'],
    [{ guards: [] }, 'it needs a token or guards'],
    [{ token: 'short' }, 'token'],
    [{ token: TOKEN, readToken: TOKEN }, 'is the same secret as another token of the console'],
    [{ token: TOKEN, path: 'a b' }, 'path must be'],
    [{ token: TOKEN, path: '' }, 'path must be'],
    [{ token: TOKEN, registration: '' }, 'registration must be'],
    [{ token: TOKEN, templates: {} as ConsoleTemplates }, 'templates must be'],
    [{ guards: 'none' as unknown as [] }, 'guards must be a list'],
    [{ token: TOKEN, tokens: [] } as LiveCallbackConsoleOptions, 'is no option of the console'],
  ])('with %j', (options, message) => {
    expect(() => register(options)).toThrow(LiveCallbackConsoleError);
    expect(() => register(options)).toThrow(message);
  });

  const forRoot = (options: Partial<LiveCallbackModuleOptions>) =>
    LiveCallbackModule.forRoot({ keys: KEY, ...options });

  it('without LiveCallbackModule', async () => {
    const starting = startWith([register({ token: TOKEN })], {});
    await expect(starting).rejects.toThrow('which is not imported');
  });

  it('when there are two registrations and it is not said which', async () => {
    const database = await createSqlite();
    const two = ['a', 'b'].map((name) =>
      forRoot({
        name,
        path: name,
        dataSource: name,
        database: { ...database.options, name } as never,
      }),
    );
    await expect(startWith([...two, register({ token: TOKEN })], {})).rejects.toThrow(
      'There are "a", "b"',
    );
    const host = await startWith([...two, register({ token: TOKEN, registration: 'b' })], {});
    const response = await fetch(`${host.url}/console/api/standing`, { headers: bearer(TOKEN) });
    expect(await response.json()).toMatchObject({ registration: 'b' });
    await host.close();
    await database.drop();
  });
});
