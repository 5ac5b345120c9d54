import { createHash } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  CallbackRefusedError,
  CallbackVerifier,
  parsePayload,
  type CallbackKeyQuery,
  type CallbackKeyResolver,
  type LiveCallbackOptions,
  type RefusalReason,
} from '../../src/index.js';
import { ClockWatch } from '../../src/receiving/verification/clock.watch.js';
import { fieldsOf } from '../../src/events/dto/field.decorators.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';
import { LiveCallbackOptionsError } from '../../src/options/option.error.js';
import { resolveConfig, resolveShape } from '../../src/options/live-callback.config.js';
import { RefusalException } from '../../src/receiving/http/refusal.exception.js';
import { REFUSAL_STATUS } from '../../src/receiving/refusals/refusal.js';
import { readPayload } from '../../src/events/payload/read-payload.js';
import { heapAfterCollection } from '../support/heap.js';
import { extendMd5 } from '../support/md5-extension.js';

/**
 * Covers the verifier by itself, without HTTP: the worked vectors of docs/protocol.md (1.3), keys
 * bound to domains and accounts, rotation, the function that finds keys, the bounds of `t` under a
 * clock, the token of the URL, kinds that may come unsigned, and that keys which could be confused
 * stop the start.
 */

const KEY = 'KeyForDocs2026abcd';
const T = 1_703_732_078;
const SIGN = '3fecf825f6676f24151c869b17e2351d';
const NOW = T - 600;

const md5 = (text: string) => createHash('md5').update(text, 'utf8').digest('hex');

type Options = Partial<LiveCallbackOptions>;

const clock = () => NOW * 1000;

function makeVerifier(options: LiveCallbackOptions): CallbackVerifier {
  const catalog = new EventCatalog();
  const config = resolveConfig(options, catalog.kinds, undefined, resolveShape({}));
  return new CallbackVerifier(config, catalog, new ClockWatch(config));
}

function verifierOf(options: Options = {}): CallbackVerifier {
  return makeVerifier({ keys: KEY, clock, ...options });
}

/** What the verifier says of a payload; `passed` when it says nothing. */
async function verdict(payload: object, options: Options = {}): Promise<RefusalReason | 'passed'> {
  try {
    await verifierOf(options).verify(parsePayload(JSON.stringify(payload)));
    return 'passed';
  } catch (error) {
    if (error instanceof CallbackRefusedError) return error.reason;
    throw error;
  }
}

const signedBy = (key: string, fields: object = {}, t: number = T) => ({
  ...fields,
  t,
  sign: md5(`${key}${t}`),
});

describe('the worked vectors', () => {
  it.each([
    [1703732078, '3fecf825f6676f24151c869b17e2351d'],
    [1703732138, '1f0b50c36953969af37cc55765a6ad45'],
    [1703732206, '2345053e9d39c3f5676c1fe5842706af'],
  ])('of t = %d pass, as number and as text', async (t, sign) => {
    expect(await verdict({ t, sign })).toBe('passed');
    expect(await verdict({ t: String(t), sign })).toBe('passed');
  });

  it.each([
    ['t before the key', 'dade05ee11feb61bd42ae1f4637b7044'],
    ['a plus sign between', '0968e61a8f9292fb4254cb4b76e20c6f'],
    ['the sign of another t', '1f0b50c36953969af37cc55765a6ad45'],
  ])('with %s do not', async (_what, sign) => {
    expect(await verdict({ t: T, sign })).toBe('sign-mismatch');
  });

  it('cover neither body nor event type', async () => {
    for (const body of [{}, { event_type: 0 }, { app: 'a', deep: [{}] }]) {
      expect(await verdict({ ...body, t: T, sign: SIGN })).toBe('passed');
    }
  });

  it('are of a key in UTF-8', async () => {
    const key = 'Schlüssel-鍵-\u{1f511}-2026';
    expect(await verdict(signedBy(key), { keys: key })).toBe('passed');
  });
});

describe('a pair', () => {
  it.each([
    ['no t', { sign: SIGN }, 't-missing'],
    ['no sign', { t: T }, 'sign-missing'],
    ['nothing', {}, 't-missing'],
    ['t of null', { t: null, sign: SIGN }, 't-malformed'],
    ['t of a fraction', { t: T + 0.5, sign: SIGN }, 't-malformed'],
    ['a negative t', { t: -T, sign: SIGN }, 't-malformed'],
    ['t of nine digits', { t: 999_999_999, sign: SIGN }, 't-malformed'],
    ['t of eleven digits', { t: `${T}0`, sign: SIGN }, 't-malformed'],
    ['t with a leading zero', { t: '0703732078', sign: SIGN }, 't-malformed'],
    ['t with a line feed', { t: `${T}\n`, sign: SIGN }, 't-malformed'],
    ['t in a list', { t: [T], sign: SIGN }, 't-malformed'],
    ['a sign in upper case', { t: T, sign: SIGN.toUpperCase() }, 'sign-malformed'],
    ['a sign with a line feed', { t: T, sign: `${SIGN}\n` }, 'sign-malformed'],
    ['a sign in a list', { t: T, sign: [SIGN] }, 'sign-malformed'],
    ['a short sign', { t: T, sign: SIGN.slice(1) }, 'sign-malformed'],
    ['a sign of no hex', { t: T, sign: 'z'.repeat(32) }, 'sign-malformed'],
    ['a pair further down', { data: { t: T, sign: SIGN } }, 't-missing'],
  ] as const)('with %s does not pass', async (_what, payload, reason) => {
    expect(await verdict(payload)).toBe(reason);
  });

  it('that is inherited counts for nothing', async () => {
    const inherited = Object.create({ t: T, sign: SIGN }) as Record<string, never>;
    const verifying = verifierOf().verify({ value: inherited, repeatedKeys: new Set() });
    await expect(verifying).rejects.toMatchObject({ reason: 't-missing' });
  });

  it.each(['t', 'sign'])(
    'with a repeated %s does not pass, even if every copy is right',
    async (key) => {
      const body = JSON.stringify({ t: T, sign: SIGN });
      const text = `${body.slice(0, -1)},${JSON.stringify({ t: T, sign: SIGN }).slice(1)}`;
      const { value } = parsePayload(text);
      const verifying = verifierOf().verify({ value, repeatedKeys: new Set([key]) });
      await expect(verifying).rejects.toMatchObject({ reason: 'pair-repeated', status: 401 });
    },
  );

  it('that was extended without the key does not pass', async () => {
    const { message, digest } = extendMd5(SIGN, KEY.length, String(T), '9703732078');
    const whole = Buffer.concat([Buffer.from(KEY), message]);
    expect(createHash('md5').update(whole).digest('hex')).toBe(digest);
    expect(await verdict({ t: message.toString('latin1'), sign: digest })).toBe('t-malformed');
    expect(await verdict({ t: T, sign: digest })).toBe('sign-mismatch');
    expect(await verdict({ t: 9_703_732_078, sign: digest })).toBe('sign-mismatch');
  });

  it('whose key and t are cut elsewhere does not pass', async () => {
    const long = `${KEY}1`;
    // MD5(long + "703732078…") is MD5(KEY + "1703732078…").
    expect(await verdict({ t: 703_732_078, sign: SIGN }, { keys: long })).toBe('t-malformed');
    expect(await verdict({ t: `1${T}`, sign: md5(`${long}${T}`) })).toBe('t-malformed');
  });
});

/** The verdict on a right pair, so many seconds before its `t`. */
const at = (left: number, options: Options = {}) =>
  verdict({ t: T, sign: SIGN }, { clock: () => (T - left) * 1000, ...options });

describe('the time', () => {
  it.each([
    [900, 'passed'],
    [900.001, 'not-yet-valid'],
    [901, 'not-yet-valid'],
    [1e9, 'not-yet-valid'],
    [600, 'passed'],
    [1, 'passed'],
    [0.001, 'passed'],
    [0, 'expired'],
    [-0.001, 'expired'],
    [-86_400, 'expired'],
  ])('%d s before t: %s', async (left, expected) => {
    expect(await at(left)).toBe(expected);
  });

  it.each([
    [1, 'passed'],
    [-359, 'passed'],
    [-359.999, 'passed'],
    [-360, 'expired'],
    [-361, 'expired'],
    [901, 'not-yet-valid'],
  ])('%d s before t with 360 s of grace: %s', async (left, expected) => {
    expect(await at(left, { expiryGraceSeconds: 360 })).toBe(expected);
  });

  it.each([NaN, Infinity, -Infinity])('that a clock of %d cannot tell is refused', async (now) => {
    expect(await verdict({ t: T, sign: SIGN }, { clock: () => now })).not.toBe('passed');
  });

  it('is asked for each callback', async () => {
    let now = NOW;
    const verifier = verifierOf({ clock: () => now * 1000 });
    const payload = parsePayload(JSON.stringify({ t: T, sign: SIGN }));
    await verifier.verify(payload);
    now = T;
    await expect(verifier.verify(payload)).rejects.toMatchObject({ reason: 'expired' });
  });

  it('does not matter to a wrong sign: only a genuine callback is called expired', async () => {
    const late = { clock: () => (T + 1) * 1000 };
    expect(await verdict({ t: T, sign: '0'.repeat(32) }, late)).toBe('sign-mismatch');
    expect(await verdict({ t: T, sign: SIGN }, late)).toBe('expired');
  });

  it('is the clock of the machine by default', async () => {
    const t = Math.floor(Date.now() / 1000) + 600;
    const verifier = makeVerifier({ keys: KEY });
    const pass = verifier.verify({ value: signedBy(KEY, {}, t), repeatedKeys: new Set() });
    await expect(pass).resolves.toBeUndefined();
    const stale = verifier.verify({ value: { t: T, sign: SIGN }, repeatedKeys: new Set() });
    await expect(stale).rejects.toMatchObject({ reason: 'expired' });
  });
});

describe('several keys', () => {
  const OLD = 'OldKeyOfDomain2025';
  const NEW = 'NewKeyOfDomain2026';

  it('are all tried, so that old and new pass while they rotate', async () => {
    const keys = ['SomeUnusedKey2024x', OLD, NEW];
    expect(await verdict(signedBy(OLD), { keys })).toBe('passed');
    expect(await verdict(signedBy(NEW), { keys })).toBe('passed');
    expect(await verdict(signedBy(KEY), { keys })).toBe('sign-mismatch');
    expect(await verdict(signedBy(OLD), { keys: [NEW] })).toBe('sign-mismatch');
  });

  const bound = [
    { key: OLD, domain: 'a.example.com' },
    { key: NEW, domain: 'B.example.com' },
    { key: KEY, appId: '12345678' },
  ];

  it.each([
    ['app', { app: 'a.example.com' }],
    ['app in upper case', { app: 'A.EXAMPLE.com' }],
    ['domain', { domain: 'a.example.com' }],
    ['no domain, of a kind that has none', { event_type: 314 }],
  ])('bound to a domain pass for it: %s', async (_field, fields) => {
    expect(await verdict(signedBy(OLD, fields), { keys: bound })).toBe('passed');
  });

  it('are bound without regard to case', async () => {
    expect(await verdict(signedBy(NEW, { app: 'b.example.com' }), { keys: bound })).toBe('passed');
  });

  it.each([
    ['another tenant', { app: 'b.example.com' }],
    ['a subdomain', { app: 'x.a.example.com' }],
    ['a trailing dot', { app: 'a.example.com.' }],
    ['an empty domain', { app: '' }],
    ['a number', { app: 1 }],
    ['another app beside the right domain', { app: 'b.example.com', domain: 'a.example.com' }],
    ['no domain, of a kind that has one', { event_type: 200 }],
  ])('bound to a domain are foreign to another: %s', async (_what, fields) => {
    expect(await verdict(signedBy(OLD, fields), { keys: bound })).toBe('key-foreign');
  });

  it('bound to an account pass for it, as number or text, and for no other', async () => {
    const keys = [...bound];
    const of = (fields: object) => verdict(signedBy(KEY, fields), { keys });
    expect(await of({ appid: 12345678 })).toBe('passed');
    expect(await of({ appid: '12345678' })).toBe('passed');
    expect(await of({ appId: 12345678 })).toBe('passed');
    expect(await of({ app: 'b.example.com' })).toBe('passed');
    expect(await of({ appid: 87654321 })).toBe('key-foreign');
    expect(await of({ appid: 87654321, appId: 12345678 })).toBe('key-foreign');
  });

  it('bound to both must match both', async () => {
    const keys = { key: KEY, domain: 'a.example.com', appId: '1' };
    const of = (fields: object) => verdict(signedBy(KEY, fields), { keys });
    expect(await of({ app: 'a.example.com', appid: 1 })).toBe('passed');
    expect(await of({ app: 'a.example.com', appid: 2 })).toBe('key-foreign');
    expect(await of({ app: 'b.example.com', appid: 1 })).toBe('key-foreign');
  });

  it('may be the same key, bound twice', async () => {
    const keys = [
      { key: KEY, domain: 'a.example.com' },
      { key: KEY, domain: 'b.example.com' },
    ];
    expect(await verdict(signedBy(KEY, { app: 'a.example.com' }), { keys })).toBe('passed');
    expect(await verdict(signedBy(KEY, { app: 'b.example.com' }), { keys })).toBe('passed');
    expect(await verdict(signedBy(KEY, { app: 'c.example.com' }), { keys })).toBe('key-foreign');
  });

  it('that are foreign are not told from an expired callback by their order', async () => {
    const late = { keys: bound, clock: () => (T + 1) * 1000 };
    expect(await verdict(signedBy(OLD, { app: 'b.example.com' }), late)).toBe('key-foreign');
  });

  it.each([
    [['KeyOfTenant2026abc', 'KeyOfTenant2026abc9'], 'keys[1]'],
    [['KeyOfTenant2026abc0123', 'KeyOfTenant2026abc'], 'keys[0]'],
    [[{ key: 'KeyOfTenant2026abc', domain: 'a' }, 'KeyOfTenant2026abc42'], 'keys[1]'],
  ])('of which one is another plus digits stop the start: %j', (keys, path) => {
    expect(() => verifierOf({ keys })).toThrow(LiveCallbackOptionsError);
    expect(() => verifierOf({ keys })).toThrow(`${path} is keys[`);
  });

  it('that share a beginning otherwise do not', () => {
    expect(() =>
      verifierOf({ keys: ['KeyOfTenant2026abc', 'KeyOfTenant2026abcd9'] }),
    ).not.toThrow();
  });

  it.each([
    undefined,
    null,
    '',
    [],
    [''],
    [undefined],
    42,
    {},
    { key: '' },
    'short',
    ' spaced key ',
  ])('that are none stop the start: %j', (keys) => {
    expect(() => verifierOf({ keys: keys as LiveCallbackOptions['keys'] })).toThrow(
      LiveCallbackOptionsError,
    );
  });
});

/** A function that finds keys, or fails to, after a while. */
const delayed = (milliseconds: number, act: () => string[]) => () =>
  new Promise<string[]>((resolve, reject) => {
    setTimeout(() => {
      try {
        resolve(act());
      } catch (error) {
        reject(error);
      }
    }, milliseconds);
  });

describe('a function that finds keys', () => {
  const payload = signedBy(KEY, { app: 'a.example.com', appid: 12345678 });

  it('is asked with the domain and account of the callback', async () => {
    const keys = vi.fn<CallbackKeyResolver>(() => [KEY]);
    expect(await verdict(payload, { keys })).toBe('passed');
    expect(keys.mock.calls).toEqual([[{ domain: 'a.example.com', appId: '12345678' }]]);
  });

  it('is asked with nulls where the callback names none', async () => {
    const keys = vi.fn<CallbackKeyResolver>(() => [KEY]);
    expect(await verdict(signedBy(KEY), { keys })).toBe('passed');
    expect(keys.mock.calls).toEqual([[{ domain: null, appId: null }]]);
  });

  it('may be asynchronous, and its keys bound', async () => {
    const keys = async () => ['SomeUnusedKey2024x', { key: KEY, domain: 'A.example.com' }];
    expect(await verdict(payload, { keys })).toBe('passed');
    expect(await verdict(signedBy(KEY, { app: 'b.example.com' }), { keys })).toBe('key-foreign');
  });

  it('that finds none refuses', async () => {
    expect(await verdict(payload, { keys: () => [] })).toBe('sign-mismatch');
    expect(await verdict(payload, { keys: async () => [] })).toBe('sign-mismatch');
  });

  it.each([{ sign: SIGN }, { t: 'x', sign: SIGN }, { t: T }, { t: T, sign: 'x' }])(
    'is not asked about a pair that cannot be: %j',
    async (hostile) => {
      const keys = vi.fn<CallbackKeyResolver>(() => [KEY]);
      expect(await verdict(hostile, { keys })).not.toBe('passed');
      expect(keys).not.toHaveBeenCalled();
    },
  );

  const failing: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('vault sealed');
      },
    ],
    ['rejects', () => Promise.reject(new Error('vault sealed'))],
    ['rejects with nothing', () => Promise.reject(undefined)],
    ['returns nothing', () => undefined],
    ['resolves to null', async () => null],
    ['returns one text', () => KEY],
    ['returns an object', () => ({ 0: KEY })],
    ['finds an empty key', () => ['']],
    ['finds a short key', () => ['short']],
    ['finds a key of no text', () => [42]],
    ['finds nothing in its list', () => [undefined]],
    ['finds a bad key beside a good one', () => [KEY, null]],
  ];

  it.each(failing)('that %s is a fault of the host, not of the sender', async (_how, keys) => {
    const verifying = verifierOf({ keys: keys as LiveCallbackOptions['keys'] }).verify({
      value: payload,
      repeatedKeys: new Set(),
    });
    await expect(verifying).rejects.toMatchObject({ reason: 'keys-unavailable', status: 503 });
  });

  describe('that is slow', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it('is waited for 3 s', async () => {
      const passed = verdict(payload, { keys: delayed(2_999, () => [KEY]) });
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await passed).toBe('passed');
    });

    it('is not waited for longer', async () => {
      const refused = verdict(payload, { keys: () => new Promise<never>(() => {}) });
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await refused).toBe('keys-unavailable');
    });

    it('and fails in the end harms nobody', async () => {
      const unhandled = vi.fn<() => void>();
      process.on('unhandledRejection', unhandled);
      const keys = delayed(6_000, () => {
        throw new Error('too late');
      });
      const refused = verdict(payload, { keys });
      await vi.advanceTimersByTimeAsync(7_000);
      expect(await refused).toBe('keys-unavailable');
      vi.useRealTimers();
      await new Promise((resolve) => setImmediate(resolve));
      process.off('unhandledRejection', unhandled);
      expect(unhandled).not.toHaveBeenCalled();
    });

    it('leaves no timer behind', async () => {
      expect(await verdict(payload, { keys: () => [KEY] })).toBe('passed');
      expect(await verdict(payload, { keys: () => [] })).toBe('sign-mismatch');
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});

describe('a key that is bound to a domain', () => {
  const keys = [{ key: KEY, domain: 'a.example' }];
  const signedFor = (fields: object) => signedBy(KEY, { event_type: 349, ...fields });

  it.each([
    [{ app: false }],
    [{ domain: 'b.example' }],
    [{ app: { toString: 1 } }],
    [{ app: '' }],
    // The documents of the kind carry a domain, so one that is not there is not the bound one.
    [{ app: null }],
    [{}],
  ])('does not sign for %j', async (fields) => {
    expect(await verdict(signedFor(fields), { keys })).toBe('key-foreign');
  });

  it.each([[{ app: 'A.example' }], [{ domain: 'a.example' }]])('signs for %j', async (fields) => {
    expect(await verdict(signedFor(fields), { keys })).toBe('passed');
  });

  it('signs for a kind whose documents carry none', async () => {
    expect(await verdict(signedBy(KEY, { event_type: 314 }), { keys })).toBe('passed');
  });

  it.each(EVENT_DEFINITIONS.map(({ kind, eventType, dto }) => [kind, eventType, dto] as const))(
    'signs for %s without a domain only where its documents carry none',
    async (_kind, eventType, dto) => {
      const carries = fieldsOf(dto).some(({ name }) => name === 'app' || name === 'domain');
      expect(await verdict(signedBy(KEY, { event_type: eventType }), { keys })).toBe(
        carries ? 'key-foreign' : 'passed',
      );
    },
  );
});

describe('a domain that is spelt in two ways', () => {
  it.each([
    [{ app: 'a.example', domain: 'b.example' }],
    [{ app: [], domain: 'b.example' }],
    [{ app: false, domain: 'b.example' }],
    [{ app: 'a.example', domain: { toString: 1 } }],
  ])('is refused where the two differ, as %j, whatever the key', async (fields) => {
    const signed = signedBy(KEY, { event_type: 349, ...fields });
    expect(await verdict(signed)).toBe('domain-ambiguous');
    const keys = { key: KEY, domain: 'a.example', appId: '1' };
    expect(await verdict(signed, { keys })).toBe('key-foreign');
    expect(await verdict(signed, { keys: () => [KEY] })).not.toBe('passed');
  });

  it.each([[{ app: 'a.example', domain: 'A.EXAMPLE' }], [{ app: 'a.example', domain: null }]])(
    'is taken where they agree, as %j',
    async (fields) => {
      expect(await verdict(signedBy(KEY, { event_type: 349, ...fields }))).toBe('passed');
    },
  );
});

describe('a function that finds keys is asked no more than it must', () => {
  const push = (domain: string, key = KEY) => signedBy(key, { event_type: 1, app: domain });
  const parsed = (payload: object) => parsePayload(JSON.stringify(payload));
  const reasonOf = (verifying: Promise<void>) =>
    verifying.then(
      () => 'passed',
      (error: CallbackRefusedError) => error.reason,
    );

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('once for all who ask the same at the same time, and not again while the answer is fresh', async () => {
    const keys = vi.fn<() => Promise<string[]>>(async () => [KEY]);
    const verifier = verifierOf({ keys });
    const many = Array.from({ length: 50 }, () => verifier.verify(parsed(push('a.example'))));
    await Promise.all(many);
    await verifier.verify(parsed(push('A.example')));
    expect(keys).toHaveBeenCalledTimes(1);
  });

  it('again, once a second, for a callback that none of the remembered keys has signed', async () => {
    const other = 'RotatedKey2026wxyz';
    let current = KEY;
    const keys = vi.fn<() => string[]>(() => [current]);
    const verifier = verifierOf({ keys });
    await verifier.verify(parsed(push('a.example')));
    current = other;
    const forge = () => reasonOf(verifier.verify(parsed(push('a.example', 'ForgedKey2026abcde'))));
    expect(await forge()).toBe('sign-mismatch');
    expect(keys).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1_001);
    await Promise.all(Array.from({ length: 20 }, forge));
    expect(keys).toHaveBeenCalledTimes(2);
    expect(await reasonOf(verifier.verify(parsed(push('a.example', other))))).toBe('passed');
    expect(await reasonOf(verifier.verify(parsed(push('a.example'))))).toBe('sign-mismatch');
  });

  it('for 64 names at a time; those whose keys are known do not wait for them', async () => {
    const keys = vi.fn<(query: CallbackKeyQuery) => Promise<string[]>>(({ domain }) =>
      domain === 'a.example' ? Promise.resolve([KEY]) : new Promise(() => {}),
    );
    const verifier = verifierOf({ keys });
    await verifier.verify(parsed(push('a.example')));
    const strangers = Array.from({ length: 3_000 }, (_, n) =>
      reasonOf(verifier.verify(parsed(push(`${n}.example`, 'ForgedKey2026abcde')))),
    );
    expect(await reasonOf(verifier.verify(parsed(push('a.example'))))).toBe('passed');
    expect(keys).toHaveBeenCalledTimes(1 + 64);
    await vi.advanceTimersByTimeAsync(3_100);
    const reasons = await Promise.all(strangers);
    expect(reasons.filter((reason) => reason === 'keys-unavailable')).toHaveLength(64);
    expect(reasons.filter((reason) => reason === 'overloaded')).toHaveLength(3_000 - 64);
  });

  it('never for a name that no column holds: anybody may make one up, at any length', async () => {
    const keys = vi.fn<CallbackKeyResolver>(() => [KEY]);
    const verifier = verifierOf({ keys });
    const longest = { app: 'a'.repeat(255), appid: '1'.repeat(64) };
    const reason = (fields: object) => reasonOf(verifier.verify(parsed(signedBy(KEY, fields))));
    expect(await reason({ ...longest, app: 'a'.repeat(256) })).toBe('sign-mismatch');
    expect(await reason({ ...longest, appid: '1'.repeat(65) })).toBe('sign-mismatch');
    expect(keys).not.toHaveBeenCalled();
    expect(await reason(longest)).toBe('passed');
  });

  it('and what it remembers does not keep the body that named it', async () => {
    const keys = vi.fn<CallbackKeyResolver>(() => [KEY]);
    const verifier = verifierOf({ keys });
    const before = heapAfterCollection();
    for (let n = 0; n < 200; n++) {
      // Not JSON, so that its texts are cut out of it.
      const body = `{"t":"2000000000","sign":"${SIGN}","domain":"push-${n}.example.com","x":"${'"'.repeat(250_000)}"}`;
      const payload = readPayload(Buffer.from(body));
      expect(await reasonOf(verifier.verify(payload))).toBe('json-invalid');
    }
    expect(keys).toHaveBeenCalledTimes(200);
    expect(heapAfterCollection() - before).toBeLessThan(20 * 2 ** 20);
  });

  it('with 32 MiB of bodies that wait for it at most', async () => {
    const keys = vi.fn<() => Promise<string[]>>(() => new Promise(() => {}));
    const verifier = verifierOf({ keys });
    const waiting = Array.from({ length: 3_000 }, () =>
      reasonOf(verifier.verify(parsed(push('a.example')), false, 256 * 1024)),
    );
    await vi.advanceTimersByTimeAsync(3_100);
    const reasons = await Promise.all(waiting);
    expect(reasons.filter((reason) => reason === 'keys-unavailable')).toHaveLength(128);
    expect(reasons.filter((reason) => reason === 'overloaded')).toHaveLength(3_000 - 128);
  });

  it('and what it finds speaks for the domain that was asked for alone', async () => {
    const seen: CallbackKeyQuery[] = [];
    const keys = (query: CallbackKeyQuery) => {
      seen.push(query);
      return [{ key: KEY, domain: 'b.example' }];
    };
    expect(await verdict(push('a.example'), { keys })).toBe('key-foreign');
    expect(await verdict(push('b.example'), { keys })).toBe('passed');
    expect(seen.map(({ domain }) => domain)).toEqual(['a.example', 'b.example']);
  });
});

describe('the token of the URL', () => {
  const urlToken = 'UrlToken-2026_of.the~Verifier';
  const query = `token=${encodeURIComponent(urlToken)}`;

  it('must mean the same in a URL as in the options', () => {
    expect(() => verifierOf({ urlToken: 'abcd+efgh/ijkl=mnop' })).toThrow(
      'urlToken may hold letters, digits and . _ ~ - only',
    );
  });

  const reasonFor = (url: string, options: Options = { urlToken }) => {
    try {
      verifierOf(options).verifyUrl(url);
      return 'passed';
    } catch (error) {
      return (error as CallbackRefusedError).reason;
    }
  };

  it.each([
    `/live-callback?${query}`,
    `/live-callback/stream-push?a=1&${query}&b=2`,
    `http://push.example.com/live-callback?${query}`,
  ])('passes: %s', (url) => {
    expect(reasonFor(url)).toBe('passed');
  });

  it.each([
    '/live-callback',
    '/live-callback?',
    '/live-callback?token',
    '/live-callback?token=',
    '/live-callback?token=wrong',
    `/live-callback?token=${encodeURIComponent(urlToken.slice(0, -1))}`,
    `/live-callback?token=${encodeURIComponent(`${urlToken}x`)}`,
    `/live-callback?token=${encodeURIComponent(urlToken.toLowerCase())}`,
    `/live-callback?Token=${encodeURIComponent(urlToken)}`,
    `/live-callback?token[]=${encodeURIComponent(urlToken)}`,
    `/live-callback?${query}&${query}`,
    `/live-callback?token=wrong&${query}`,
    `/live-callback/${query}`,
    `/live-callback#?token=x`,
    '/live-callback?%',
    '',
  ])('does not pass: %s', (url) => {
    expect(reasonFor(url)).toBe('url-token');
  });

  it('is not asked for where none is configured', () => {
    expect(reasonFor('/live-callback', {})).toBe('passed');
    expect(reasonFor('/live-callback?token=any&token=two', {})).toBe('passed');
  });

  it.each(['', 'short', 42, null])('must be worth the name: %j', (token) => {
    expect(() => verifierOf({ urlToken: token as string })).toThrow(/^urlToken must be a string/);
  });
});

describe('a kind that may be unsigned', () => {
  const options: Options = { urlToken: 'UrlTokenForDocs2026', unsigned: ['relay'] };
  const relay = { event_type: 314, task_id: '1' };

  const reasonOf = async (payload: object, hasUrlToken?: boolean, given: Options = options) => {
    try {
      await verifierOf(given).verify(parsePayload(JSON.stringify(payload)), hasUrlToken);
      return 'passed';
    } catch (error) {
      return (error as CallbackRefusedError).reason;
    }
  };

  it('passes without a pair where the token of the URL was right', async () => {
    expect(await reasonOf(relay, true)).toBe('passed');
  });

  it.each([
    ['the token was not checked', relay, undefined],
    ['the token was not right', relay, false],
    ['the kind is another', { event_type: 1 }, true],
    ['the kind is unknown', { event_type: 99_999 }, true],
    ['there is no kind', {}, true],
  ])('does not pass without a pair where %s', async (_how, payload, hasUrlToken) => {
    expect(await reasonOf(payload, hasUrlToken)).toBe('t-missing');
  });

  it('does not pass with half a pair or a wrong one', async () => {
    expect(await reasonOf({ ...relay, t: T }, true)).toBe('sign-missing');
    expect(await reasonOf({ ...relay, t: null }, true)).toBe('t-malformed');
    expect(await reasonOf({ ...relay, sign: SIGN }, true)).toBe('t-missing');
    expect(await reasonOf({ ...relay, t: T, sign: '0'.repeat(32) }, true)).toBe('sign-mismatch');
    expect(await reasonOf({ ...relay, t: NOW, sign: md5(KEY + NOW) }, true)).toBe('expired');
  });

  it('is none by default', async () => {
    const { urlToken } = options;
    expect(await reasonOf(relay, true, { urlToken })).toBe('t-missing');
  });

  it('needs a token of the URL, or there is no start', () => {
    expect(() => verifierOf({ unsigned: ['relay'] })).toThrow(/^urlToken is missing/);
    expect(() => verifierOf({ ...options, unsigned: ['*'] as never })).toThrow(/^unsigned\[0\] /);
  });
});

describe('a refusal', () => {
  it('says nothing but its status', async () => {
    const verifying = verifierOf().verify({
      value: { t: T, sign: '0'.repeat(32) },
      repeatedKeys: new Set(),
    });
    const error = (await verifying.catch((thrown: unknown) => thrown)) as CallbackRefusedError;
    expect(error).toBeInstanceOf(CallbackRefusedError);
    expect(new RefusalException(error).getResponse()).toEqual({ code: 401 });
    expect(error.message).not.toContain(KEY);
    expect(error.message).not.toContain(SIGN);
  });

  it('has the same status whatever is wrong with the pair', () => {
    const reasons: RefusalReason[] = [
      't-missing',
      't-malformed',
      'sign-missing',
      'sign-malformed',
      'pair-repeated',
      'sign-mismatch',
      'key-foreign',
      'expired',
      'not-yet-valid',
      'url-token',
    ];
    expect(new Set(reasons.map((reason) => REFUSAL_STATUS[reason]))).toEqual(new Set([401]));
  });
});
