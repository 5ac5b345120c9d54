/**
 * What the API can be told to do wrong, before or after the action takes effect, as the official SDK
 * sees it; and the helper routes, by which another process tells it.
 */
import { request } from 'node:http';

import { describe, expect, it } from 'vitest';

import type { ApiFault, FaultEffect } from '../../src/emulator/api/index.js';
import { CssEmulator, type StreamHistory } from '../../src/emulator/index.js';
import { rawCall, scratchApi, sdkClient, sdkCodeOf, type SdkError } from './api-support.js';

const TEMPLATE = {
  TemplateName: 'main',
  StreamBeginNotifyUrl: 'https://a.example.com/push?token=secret-token',
  CallbackKey: 'SecretKey1',
};

function runningStreams(count: number): StreamHistory {
  const emulator = new CssEmulator({ directory: { targetOf: () => undefined } });
  for (let index = 0; index < count; index++) {
    emulator.pushStream({ domain: 'push.example.com', streamName: `room-${index}` });
  }
  return emulator;
}

describe.each<ApiFault['when']>(['before', 'after'])('a fault %s the effect', (when) => {
  it.each<[string, FaultEffect, string | RegExp]>([
    ['an API error', { error: 'InternalError' }, 'InternalError'],
    ['a status', { status: 502 }, 'Bad Gateway'],
    ['a dropped connection', { drop: true }, /socket hang up/],
    ['a page', { notJson: true }, /invalid json/],
    // The SDK does not notice the end of the connection.
    ['a body cut off', { truncated: true }, /timeout/],
    ['a body that stalls', { stalled: true }, /timeout/],
  ])('can be %s', async (_name, effect, message) => {
    const api = await scratchApi();
    api.fail({ action: 'CreateLiveCallbackTemplate', when, effect });
    const client = sdkClient(api, { timeoutSeconds: 0.3 });
    const code = await sdkCodeOf(client.request('CreateLiveCallbackTemplate', TEMPLATE));
    expect(code).toMatch(message);
    expect(api.templates.templates).toHaveLength(when === 'after' ? 1 : 0);
    // It strikes once.
    await client.request('CreateLiveCallbackTemplate', TEMPLATE);
  });

  it('can be a late answer', async () => {
    const api = await scratchApi();
    api.fail({ action: '*', when, effect: { delayMs: 600 } });
    const client = sdkClient(api, { timeoutSeconds: 0.2 });
    const call = client.request('CreateLiveCallbackTemplate', TEMPLATE);
    const code = await sdkCodeOf(call);
    expect(code).toMatch(/timeout/);
    expect(api.templates.templates).toHaveLength(when === 'after' ? 1 : 0);
    await expect.poll(() => api.templates.templates.length, { timeout: 5_000 }).toBe(1);
  });

  it('can be a redirect, which the SDK follows and takes for success', async () => {
    const api = await scratchApi();
    const elsewhere = await scratchApi({ unsigned: true });
    const redirect = `${elsewhere.url}/`;
    api.fail({ action: 'CreateLiveCallbackTemplate', when, effect: { redirect, status: 307 } });
    await sdkClient(api).request('CreateLiveCallbackTemplate', TEMPLATE);
    expect(api.templates.templates).toHaveLength(when === 'after' ? 1 : 0);
    expect(elsewhere.templates.templates).toHaveLength(1);
  });
});

describe('the API', () => {
  it('strikes as often as it is told, and nothing else', async () => {
    const api = await scratchApi();
    const client = sdkClient(api);
    api.fail({ action: 'DescribeLiveCallbackRules', count: 2, effect: { status: 500 } });
    await client.request('DescribeLiveCallbackTemplates', {});
    for (let time = 0; time < 2; time++) {
      const error = (await client
        .request('DescribeLiveCallbackRules', {})
        .catch((thrown: unknown) => thrown)) as SdkError;
      expect(error.httpCode).toBe(500);
    }
    await client.request('DescribeLiveCallbackRules', {});
  });

  it('throttles an action by the second', async () => {
    let time = 1_700_000_000_000;
    const api = await scratchApi({ now: () => time });
    const client = sdkClient(api);
    const call = () => client.request('DescribeLiveCallbackRules', {});
    api.limit('DescribeLiveCallbackRules', 2);
    await call();
    await call();
    expect(await sdkCodeOf(call())).toBe('RequestLimitExceeded');
    await client.request('DescribeLiveCallbackTemplates', {});
    time += 1_000;
    await call();
  });

  it('answers with pages that do not hold what they seem to', async () => {
    const api = await scratchApi({ history: runningStreams(25), edition: 'international' });
    const client = sdkClient(api);
    const namesOf = async (PageNum: number) => {
      const page = { PageNum, PageSize: 10 };
      const { OnlineInfo, TotalNum } = (await client.request(
        'DescribeLiveStreamOnlineList',
        page,
      )) as { OnlineInfo: { StreamName?: string }[]; TotalNum: number };
      expect(TotalNum).toBe(25);
      return OnlineInfo.map(({ StreamName }) => StreamName);
    };
    const action = 'DescribeLiveStreamOnlineList';
    api.fail({ action, effect: { lessRows: 3 } });
    expect(await namesOf(1)).toHaveLength(7);
    api.fail({ action, effect: { moved: 2 }, count: 2 });
    expect((await namesOf(1)).at(-1)).toBe('room-9');
    expect((await namesOf(2))[0]).toBe('room-12');
    api.fail({ action, effect: { without: 'StreamName' } });
    expect(await namesOf(1)).toEqual(Array.from({ length: 10 }, () => undefined));
    expect((await namesOf(1))[0]).toBe('room-0');
  });

  it('fails a part of the calls, the same ones for the same seed', async () => {
    const outcomesOf = async (seed: number) => {
      const api = await scratchApi({ seed });
      api.fail({ action: '*', rate: 0.5, effect: { error: 'InternalError' } });
      const client = sdkClient(api);
      for (let call = 0; call < 40; call++) {
        await client.request('DescribeLiveCallbackRules', {}).catch(() => {});
      }
      return api.requests.map(({ fault }) => (fault ? 1 : 0)).join('');
    };
    const outcomes = await outcomesOf(7);
    expect(outcomes.match(/1/g)!.length).toBeGreaterThan(10);
    expect(outcomes.match(/0/g)!.length).toBeGreaterThan(10);
    expect(await outcomesOf(7)).toBe(outcomes);
    expect(await outcomesOf(8)).not.toBe(outcomes);
  });

  it('finds requests out of time when its clock is off', async () => {
    const api = await scratchApi();
    api.shiftClock(-360_000);
    const call = sdkClient(api).request('DescribeLiveCallbackRules', {});
    expect(await sdkCodeOf(call)).toBe('AuthFailure.SignatureExpire');
  });

  it('remembers calls without their secrets', async () => {
    const api = await scratchApi();
    await sdkClient(api).request('CreateLiveCallbackTemplate', TEMPLATE);
    await rawCall(api, 'Nonsense');
    expect(api.requests).toMatchObject([
      {
        action: 'CreateLiveCallbackTemplate',
        outcome: 'ok',
        parameters: {
          CallbackKey: '***',
          StreamBeginNotifyUrl: 'https://a.example.com/push?***',
        },
      },
      { action: 'Nonsense', outcome: 'InvalidAction' },
    ]);
    expect(JSON.stringify(api.requests)).not.toMatch(/SecretKey1|secret-token/);
  });

  it('is at / only', async () => {
    const api = await scratchApi();
    const response = await fetch(`${api.url}/v3/`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
  });

  it('listens on the loopback unless told otherwise, and closes with calls under way', async () => {
    const api = await scratchApi();
    expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    api.fail({ action: '*', when: 'after', effect: { delayMs: 60_000 } });
    const call = sdkCodeOf(sdkClient(api).request('DescribeLiveCallbackRules', {}));
    await expect.poll(() => api.requests.length).toBe(1);
    await api.close();
    expect(await call).toMatch(/socket hang up/);
  });
});

describe('the helper routes', () => {
  async function scratchAdmin(trigger?: (event: unknown) => unknown) {
    const api = await scratchApi(trigger ? { trigger } : {});
    const admin = async (method: string, route: string, body?: unknown) => {
      const response = await fetch(`${api.url}/_emulator/${route}`, {
        method,
        ...(body !== undefined && {
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      });
      return { status: response.status, body: await response.json() };
    };
    return { api, admin };
  }

  it('plant and wipe the state', async () => {
    const { api, admin } = await scratchAdmin();
    const planted = await admin('PUT', 'state', {
      templates: [TEMPLATE],
      rules: [{ domain: 'push.example.com', appName: 'live', template: 0 }],
    });
    expect(planted.status).toBe(200);
    expect(api.templates.rules).toHaveLength(1);
    await admin('DELETE', 'state');
    expect(api.templates.templates).toEqual([]);
  });

  it('set clock, switches, limits and faults, and show the calls', async () => {
    const { api, admin } = await scratchAdmin();
    const client = sdkClient(api);
    const call = () => client.request('DescribeLiveCallbackRules', {});
    await admin('PUT', 'clock', { offsetMs: 400_000 });
    expect(await sdkCodeOf(call())).toBe('AuthFailure.SignatureExpire');
    await admin('PUT', 'clock', { offsetMs: 0 });
    await admin('PUT', 'fault', { action: '*', effect: { error: 'InternalError' } });
    expect(await sdkCodeOf(call())).toBe('InternalError');
    await admin('PUT', 'limit', { action: 'DescribeLiveCallbackRules', perSecond: 0 });
    expect(await sdkCodeOf(call())).toBe('RequestLimitExceeded');
    await admin('PUT', 'switches', { propagationMs: 5 });
    expect(api.templates.switches.propagationMs).toBe(5);
    expect((await admin('GET', 'requests')).body).toMatchObject([
      { outcome: 'AuthFailure.SignatureExpire' },
      { fault: 'before error' },
      { outcome: 'RequestLimitExceeded' },
    ]);
  });

  it('hand on an event, where somebody takes it', async () => {
    const { admin } = await scratchAdmin((event) => ({ seen: event }));
    expect((await admin('PUT', 'trigger', { kind: 'stream-push' })).body).toEqual({
      seen: { kind: 'stream-push' },
    });
    const without = await scratchAdmin();
    expect((await without.admin('PUT', 'trigger', {})).status).toBe(404);
  });

  it('say what is wrong', async () => {
    const { admin } = await scratchAdmin();
    expect(await admin('PUT', 'state', '{')).toMatchObject({ status: 400 });
    expect(await admin('PUT', 'clock')).toEqual({
      status: 400,
      body: { error: 'The body must be a JSON object.' },
    });
    expect(await admin('POST', 'state', {})).toMatchObject({ status: 404 });
    for (const [route, body, problem] of [
      ['clock', {}, 'offsetMs must be a number.'],
      ['switches', { propagation: 5 }, 'propagation is no switch.'],
      ['fault', { action: 'Create', effect: { drop: true } }, 'There is no action Create.'],
      [
        'fault',
        { action: '*', effect: { dropped: true } },
        'The effect of a fault is one of error',
      ],
      ['fault', { action: '*', when: 'later', effect: { drop: true } }, 'strikes "before" or'],
    ] as const) {
      const answer = await admin('PUT', route, body);
      expect(answer.status).toBe(400);
      expect((answer.body as { error: string }).error).toContain(problem);
    }
    const rule = { domain: 'a.example.com', appName: 'live', template: 3 };
    expect((await admin('PUT', 'state', { rules: [rule] })).status).toBe(400);
  });
});

describe('the helper routes', () => {
  const statusFor = (url: string, host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      request(`${url}/_emulator/requests`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });

  it('refuse a name that a page could have given this machine', async () => {
    const api = await scratchApi();
    for (const host of ['evil.example.com', 'evil.example.com:80', '127.0.0.1.evil.example']) {
      expect([host, await statusFor(api.url, host)]).toEqual([host, 403]);
    }
    for (const host of ['127.0.0.1:3100', '[::1]:3100', 'localhost', 'emulator:3100', '10.0.0.7']) {
      expect([host, await statusFor(api.url, host)]).toEqual([host, 200]);
    }
  });

  it.each<[string, Partial<ApiFault>, string]>([
    ['often without end', { count: Infinity }, 'count must be an integer from 1 to 1000000.'],
    ['late without end', { effect: { delayMs: 1e12 } }, 'delayMs must be'],
    ['with a status that is none', { effect: { status: 99_999 } }, 'status must be'],
  ])('take no fault that strikes %s', async (_name, fault, message) => {
    const api = await scratchApi();
    expect(() => api.fail({ action: '*', effect: { drop: true }, ...fault })).toThrow(message);
  });

  it('take no more faults than they can hold', async () => {
    const api = await scratchApi();
    const fault: ApiFault = { action: '*', effect: { drop: true } };
    for (let n = 0; n < 1_000; n++) api.fail(fault);
    expect(() => api.fail(fault)).toThrow('1000 faults wait already');
    expect(() => api.limit('NoSuchAction', 1)).toThrow('There is no action NoSuchAction');
  });
});
