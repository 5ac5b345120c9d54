/** Bodies that take milliseconds to read: their pair comes first. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  CallbackRefusedError,
  LiveCallbackAuditService,
  LiveCallbackHealth,
  type CallbackVerifier,
} from '../../src/index.js';
import type { Payload } from '../../src/events/payload/payload.js';
import { LargeBodyCheck } from '../../src/receiving/verification/large-body.check.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS, KEY, type Host } from '../support/application.js';
import { scratchHost } from '../support/scratch.js';

/** A push with very many fields that nobody knows. */
function wide(key: string, more: object = {}): string {
  const fields = Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`k${n}`, n]));
  return signCallback(streamPushCallback({ ...fields, ...more }), { key }).body;
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe.each(ADAPTERS)('a large body on %s', (adapter) => {
  const post = (host: Host, body: string) =>
    host.post('/live-callback', { headers: JSON_TYPE, body });

  it('that is signed is stored, odd as it may be', async () => {
    const host = await scratchHost({ adapter });
    const bodies = [
      wide(KEY),
      // Keys may be written with escapes.
      wide(KEY).replace('"sign"', '"\\u0073ign"').replace('"t"', '"\\u0074"'),
      `${wide(KEY, { stream_id: 'broken' }).slice(0, -1)},"odd":"\u0001"}`,
    ];
    for (const body of bodies) expect((await post(host, body)).status).toBe(200);
    const { items } = await host.app.get(LiveCallbackAuditService, { strict: false }).find();
    expect(items.map(({ state }) => state)).toEqual(['quarantined', 'accepted', 'accepted']);
  });

  it('that comes out of its time counts once in the figures of the clock', async () => {
    const host = await scratchHost({ adapter });
    const at = (seconds: number) => {
      const fields = Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`k${n}`, n]));
      const clock = () => Date.now() + seconds * 1_000;
      return signCallback(streamPushCallback(fields), { key: KEY, clock }).body;
    };
    for (const seconds of [-1_200, 1_200]) expect((await post(host, at(seconds))).status).toBe(401);
    const { clock } = await host.app.get(LiveCallbackHealth, { strict: false }).report();
    expect(clock).toMatchObject({ expired: 1, notYetValid: 1 });
  });

  it('of a stranger is refused, the reason exact while few of them come', async () => {
    const host = await scratchHost({ adapter });
    const forged = wide('ForgedKey2026abcde');
    const statuses = [
      (await post(host, forged)).status,
      (await post(host, forged.replace('"sign"', '"nothing"'))).status,
      (await post(host, `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)).status,
      (await post(host, `[${'1,'.repeat(20_000)}1]`)).status,
    ];
    expect(statuses).toEqual([401, 401, 400, 400]);
    await host.app.get(RejectionRecorder, { strict: false }).flush();
    const { items } = await host.app.get(LiveCallbackAuditService, { strict: false }).rejections();
    expect(items.map(({ reason }) => reason).toSorted()).toEqual([
      'json-not-object',
      'json-too-deep',
      'sign-mismatch',
      'sign-missing',
    ]);
  });
});

describe('many large bodies of strangers', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are read further than their pair for a part of the time only', async () => {
    const refusal = new CallbackRefusedError('sign-mismatch');
    const verify = vi.fn<CallbackVerifier['verify']>(() => Promise.reject(refusal));
    const check = new LargeBodyCheck({ verify } as unknown as CallbackVerifier);
    const body = Buffer.from(wide('ForgedKey2026abcde'));
    const read = vi.fn<() => Payload>(() => {
      vi.advanceTimersByTime(50);
      throw new CallbackRefusedError('sign-missing');
    });
    const reasons: string[] = [];
    for (let n = 0; n < 100; n++) {
      await check
        .read(body, read)
        .catch(({ reason }: CallbackRefusedError) => reasons.push(reason));
    }
    expect(read).toHaveBeenCalledTimes(6);
    expect(reasons.slice(0, 6)).toEqual(Array(6).fill('sign-missing'));
    expect(reasons.slice(6)).toEqual(Array(94).fill('sign-mismatch'));
    vi.advanceTimersByTime(1_000);
    await expect(check.read(body, read)).rejects.toMatchObject({ reason: 'sign-missing' });
  });

  it('and small ones are none of it', async () => {
    const verify = vi.fn<CallbackVerifier['verify']>();
    const check = new LargeBodyCheck({ verify } as unknown as CallbackVerifier);
    const payload = { value: {}, repeatedKeys: new Set<string>() };
    expect(await check.read(Buffer.from('{}'), () => payload)).toBe(payload);
    expect(verify).not.toHaveBeenCalled();
  });
});
