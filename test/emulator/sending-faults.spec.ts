/**
 * The faults that the emulated sender produces on demand: what each puts on the wire, which
 * callbacks it hits, and what the module makes of it.
 */
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  CssEmulator,
  FAULT_NAMES,
  fixedTarget,
  VirtualClock,
  type FaultName,
  type FaultOptions,
} from '../../src/emulator/index.js';
import { LiveCallbackAuditService } from '../../src/index.js';
import { signatureOf, whenListenersDone } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { startReceiver } from '../support/callback-receiver.js';
import { EventRecorder } from '../support/event-recorder.js';
import { scratchHost } from '../support/scratch.js';

const PUSH = { domain: 'push.example.com', streamName: 'room', streamParam: 'from=a/b' };

async function setUp(url?: string, clock = new VirtualClock()) {
  const receiver = await startReceiver();
  const directory = fixedTarget({ key: KEY, baseUrl: url ?? receiver.url });
  const emulator = new CssEmulator({ directory, clock });
  onTestFinished(() => emulator.close());
  const kinds = () => receiver.requests.map((request) => request.url.slice(1));
  return { clock, receiver, emulator, kinds };
}

/** The request of one pushed stream that a fault has hit, and that of one it has not. */
async function requestsWith(fault: FaultName) {
  const { clock, receiver, emulator } = await setUp();
  emulator.inject(fault);
  emulator.pushStream(PUSH);
  emulator.pushStream({ ...PUSH, streamName: 'other' });
  await clock.advance(0);
  const [hit, clean] = receiver.requests;
  return { hit: hit!, clean: clean! };
}

describe('a request', () => {
  it.each([
    ['wrong-sign', (t: number) => ({ t, sign: signatureOf(`${KEY}x`, t) })],
    ['stale-sign', (t: number) => ({ t: t - 7_200, sign: signatureOf(KEY, t - 7_200) })],
    ['upper-case-sign', (t: number) => ({ t, sign: signatureOf(KEY, t).toUpperCase() })],
  ] as const)('with the fault %s has another pair and nothing else', async (fault, pairOf) => {
    const { hit, clean } = await requestsWith(fault);
    const { t, sign, ...fields } = hit.payload;
    expect({ t, sign }).toEqual(pairOf(clean.payload['t'] as number));
    expect(Object.keys(fields)).toEqual(Object.keys(clean.payload).slice(0, -2));
  });

  it('with drifted types says the same in other types', async () => {
    const { clock, receiver, emulator } = await setUp();
    emulator.inject('drifted-types', { times: 2 });
    const stream = emulator.pushStream(PUSH);
    stream.imageAudit();
    await clock.advance(0);
    const [push, audit] = receiver.requests;
    const { t } = push!.payload;
    expect(push!.payload).toMatchObject({
      event_type: '1',
      appid: '1250000000',
      sequence: stream.sequence, // too long to be a number in JSON
      t: expect.stringMatching(/^\d{10}$/),
      sign: signatureOf(KEY, t as string),
    });
    expect(audit!.payload).toMatchObject({ type: 1, socre: 99, objectResults: null });
  });

  it('with extra fields has fields that no document lists', async () => {
    const { hit, clean } = await requestsWith('extra-fields');
    const extra = Object.keys(hit.payload).filter((name) => !(name in clean.payload));
    expect(extra).toEqual(['trace_id', 'ext']);
  });

  it('with missing fields has those that the documents promise', async () => {
    const { hit } = await requestsWith('missing-fields');
    expect(Object.keys(hit.payload).toSorted()).toEqual([
      'app',
      'appid',
      'appname',
      'event_time',
      'event_type',
      'sequence',
      'sign',
      'stream_id',
      't',
    ]);
  });

  it('may be written in other JSON of the same meaning', async () => {
    const slashes = await requestsWith('escaped-slashes');
    expect(slashes.hit.body).toContain(String.raw`"stream_param":"from=a\/b"`);
    expect(slashes.hit.payload['stream_param']).toBe('from=a/b');
    const newline = await requestsWith('trailing-newline');
    expect(newline.hit.body).toMatch(/\}\n$/);
    expect(newline.hit.headers['content-length']).toBe(String(newline.hit.body.length));
  });

  it('may claim to be no JSON', async () => {
    const { hit, clean } = await requestsWith('wrong-content-type');
    expect(hit.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(clean.headers['content-type']).toBe('application/json');
  });

  it('may have several faults at once', async () => {
    const { clock, receiver, emulator } = await setUp();
    emulator.inject('drifted-types');
    emulator.inject('wrong-sign');
    emulator.pushStream(PUSH);
    await clock.advance(0);
    const { t, sign } = receiver.requests[0]!.payload;
    expect({ t, sign }).toEqual({
      t: expect.any(String),
      sign: signatureOf(`${KEY}x`, t as string),
    });
  });
});

describe('a fault', () => {
  it('hits the next callbacks that fit, and no others', async () => {
    const { clock, receiver, emulator } = await setUp();
    emulator.inject('extra-fields', { kind: 'screenshot', streamName: 'room', times: 2 });
    const other = emulator.pushStream({ ...PUSH, streamName: 'other' });
    const stream = emulator.pushStream(PUSH);
    other.screenshot();
    for (let count = 0; count < 3; count++) stream.screenshot();
    await clock.advance(0);
    const hits = receiver.requests.map(({ payload }) => 'trace_id' in payload);
    expect(hits).toEqual([false, false, false, true, true, false]);
  });

  it('hits the first attempt, or as many as it is told to', async () => {
    const { clock, receiver, emulator } = await setUp();
    receiver.respond = (response, { payload }) => {
      const { t, sign } = payload;
      response.writeHead(sign === signatureOf(KEY, t as number) ? 200 : 401).end();
    };
    const statuses = async (options?: FaultOptions) => {
      emulator.inject('wrong-sign', options);
      const { pushed } = emulator.pushStream(PUSH);
      await clock.advance(3_600_000);
      const attempts = emulator.attempts().filter(({ callbackId }) => callbackId === pushed.id);
      return attempts.map(({ status }) => status);
    };
    expect(await statuses()).toEqual([401, 200]);
    expect(await statuses({ kind: 'stream-push', attempts: 3 })).toEqual([401, 401, 401, 200]);
    expect(await statuses({ kind: 'stream-push', attempts: Infinity })).toEqual(
      Array.from({ length: 13 }, () => 401),
    );
  });

  it('must be one that there is, and possible', async () => {
    const { emulator } = await setUp();
    expect(() => emulator.inject('explosion' as 'duplicate')).toThrow(
      `There is no fault "explosion". Faults: ${FAULT_NAMES.join(', ')}.`,
    );
    expect(() => emulator.inject('duplicate', { times: 0 })).toThrow(
      'times must be above 0, not 0',
    );
  });
});

describe('on the way', () => {
  it('a callback may be lost: the sender comes again after its timeout and its interval', async () => {
    const { clock, receiver, emulator } = await setUp();
    emulator.inject('lost-request', { attempts: 2 });
    const { pushed } = emulator.pushStream(PUSH);
    await clock.advance(159_999);
    expect(receiver.requests).toEqual([]);
    await clock.advance(1);
    await expect(pushed.outcome).resolves.toBe('acknowledged');
    expect(receiver.requests).toHaveLength(1);
    expect(emulator.attempts()).toMatchObject([
      { retry: 0, status: null, error: 'no answer within 20000 ms' },
      { retry: 1, status: null },
      { retry: 2, status: 200 },
    ]);
  });

  it('an answer may be lost: the receiver gets the same twice', async () => {
    const { clock, receiver, emulator } = await setUp();
    emulator.inject('lost-answer');
    emulator.pushStream(PUSH);
    await clock.advance(80_000);
    const [first, second] = receiver.requests.map(({ payload }) => payload);
    expect({ ...second, t: 0, sign: '' }).toEqual({ ...first, t: 0, sign: '' });
    expect(emulator.attempts().map(({ status }) => status)).toEqual([null, 200]);
  });

  it('an acknowledged callback may come once more', async () => {
    const { clock, receiver, emulator, kinds } = await setUp();
    emulator.inject('duplicate');
    const stream = emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(kinds()).toEqual(['stream-push', 'stream-push']);
    expect(receiver.requests[1]!.body).toBe(receiver.requests[0]!.body);
    expect(new Set(emulator.attempts().map(({ callbackId }) => callbackId))).toEqual(
      new Set([stream.pushed.id]),
    );
  });

  it('a callback may be overtaken by the next of its stream', async () => {
    const { clock, emulator, kinds } = await setUp();
    emulator.inject('reorder', { kind: 'stream-interrupt' });
    const stream = emulator.pushStream(PUSH);
    await clock.advance(10_000);
    const interruption = stream.interrupt();
    emulator.pushStream({ ...PUSH, streamName: 'stranger' });
    await clock.advance(10_000);
    expect(kinds().slice(1)).toEqual(['stream-push']);
    stream.imageAudit();
    await clock.advance(0);
    await expect(interruption.outcome).resolves.toBe('acknowledged');
    expect(kinds().slice(1)).toEqual(['stream-push', 'image-audit', 'stream-interrupt']);
  });

  it('a callback that nothing overtakes goes out when its time is over', async () => {
    const { clock, emulator, kinds } = await setUp();
    emulator.inject('reorder', { after: 'screenshot', holdMs: 5_000 });
    const stream = emulator.pushStream(PUSH);
    stream.pushError();
    await clock.advance(4_999);
    expect(kinds()).toEqual(['push-error']);
    await clock.advance(1);
    expect(kinds()).toEqual(['push-error', 'stream-push']);
  });

  it('an interruption may come after the push that replaced its own', async () => {
    const { clock, receiver, emulator, kinds } = await setUp();
    emulator.inject('late-interrupt');
    const first = emulator.pushStream(PUSH);
    await clock.advance(30_000);
    const second = emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(kinds()).toEqual(['stream-push', 'stream-push', 'stream-interrupt']);
    expect(receiver.requests.map(({ payload }) => payload['sequence'])).toEqual([
      first.sequence,
      second.sequence,
      first.sequence,
    ]);
    expect(receiver.requests[2]!.payload).toMatchObject({ errcode: 21, push_duration: '30000' });
    expect([first.isRunning, second.isRunning]).toEqual([false, true]);
  });

  it('a callback of an unknown event may come beside the others', async () => {
    const { clock, receiver, emulator, kinds } = await setUp();
    emulator.inject('unknown-event');
    emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(kinds()).toEqual(['stream-push', 'stream-push']);
    expect(receiver.requests.map(({ payload }) => payload['event_type'])).toEqual([999, 1]);
  });
});

/** What the module must make of a push with a fault, at the latest after the sender's retries. */
const EXPECTED: Record<FaultName, { rows: object[]; events: string[]; answers: unknown[] }> =
  (() => {
    const push = { kind: 'stream-push', state: 'accepted', conflicting: false, receiptsCount: 1 };
    const once = { rows: [push], events: ['stream-push'] };
    const twice = { rows: [{ ...push, receiptsCount: 2 }], events: ['stream-push'] };
    return {
      duplicate: { ...twice, answers: [200, 200] },
      reorder: { ...once, answers: [200] },
      'late-interrupt': { ...once, answers: [200] },
      'lost-request': { ...once, answers: [null, 200] },
      'lost-answer': { ...twice, answers: [null, 200] },
      'unknown-event': {
        rows: [push, { kind: 'unknown', state: 'unknown', eventType: 999 }],
        events: ['unknown', 'stream-push'],
        answers: [200, 200],
      },
      'wrong-sign': { ...once, answers: [401, 200] },
      'stale-sign': { ...once, answers: [401, 200] },
      'upper-case-sign': { ...once, answers: [401, 200] },
      'drifted-types': { ...once, answers: [200] },
      'extra-fields': { ...once, answers: [200] },
      'missing-fields': { ...once, answers: [200] },
      'escaped-slashes': { ...once, answers: [200] },
      'trailing-newline': { ...once, answers: [200] },
      'wrong-content-type': { ...once, answers: [415, 200] },
    };
  })();

describe('the module stores and delivers', () => {
  it.each(FAULT_NAMES)('a push with the fault %s', async (fault) => {
    const clock = new VirtualClock();
    const host = await scratchHost({
      options: { clock: () => clock.now() },
      module: { providers: [EventRecorder] },
    });
    const { emulator } = await setUp(`${host.url}/live-callback`, clock);
    emulator.inject(fault);
    emulator.pushStream(PUSH);
    await clock.advance(300_000);
    await whenListenersDone(host.app);

    const { rows, events, answers } = EXPECTED[fault];
    expect(emulator.attempts().map(({ status }) => status)).toEqual(answers);
    const stored = await host.app.get(LiveCallbackAuditService, { strict: false }).find();
    expect(stored.items).toMatchObject(rows);
    const delivered = host.app.get(EventRecorder).events.map(({ kind }) => kind);
    expect(delivered.toSorted()).toEqual(events.toSorted());
  });
});

describe('a network that loses and delays', () => {
  const MINUTE = 60_000;

  async function arrivalsOf(seed: number) {
    const receiver = await startReceiver();
    const clock = new VirtualClock({ startAt: 1_800_000_000_000 });
    const network = { seed, lost: 0.3, late: 0.5, maxDelayMs: 5 * MINUTE };
    const directory = fixedTarget({ key: KEY, baseUrl: receiver.url });
    const emulator = new CssEmulator({ directory, clock, network });
    onTestFinished(() => emulator.close());
    for (let index = 0; index < 100; index++) {
      emulator.pushStream({ ...PUSH, streamName: `room-${index}` });
    }
    await clock.advance(30 * MINUTE);
    return {
      names: receiver.requests.map(({ payload }) => String(payload['stream_id'])),
      lost: emulator
        .attempts()
        .filter(({ retry, isAcknowledged }) => retry === 12 && !isAcknowledged),
    };
  }

  it('keeps some callbacks back and others away, the same ones for the same seed', async () => {
    const { names, lost } = await arrivalsOf(3);
    expect(lost.length).toBeGreaterThan(15);
    expect(lost.length).toBeLessThan(45);
    expect(names).toHaveLength(100 - lost.length);
    const inOrder = names.toSorted((one, other) => Number(one.slice(5)) - Number(other.slice(5)));
    expect(names).not.toEqual(inOrder);
    expect((await arrivalsOf(3)).names).toEqual(names);
    expect((await arrivalsOf(4)).names).not.toEqual(names);
  });

  it.each([{ lost: 1.1 }, { late: -1 }, { maxDelayMs: Number.NaN }])('is not %j', (network) => {
    const directory = fixedTarget({ key: KEY, baseUrl: 'http://127.0.0.1:1' });
    expect(() => new CssEmulator({ directory, network })).toThrow(/network\./);
  });
});

it('a push that is a backup replaces none', async () => {
  const { clock, emulator, kinds } = await setUp();
  const main = emulator.pushStream(PUSH);
  const backup = emulator.pushStream({ ...PUSH, backup: true });
  await clock.advance(0);
  expect(kinds()).toEqual(['stream-push', 'stream-push']);
  expect([main.isRunning, backup.isRunning]).toEqual([true, true]);
  emulator.pushStream(PUSH);
  expect([main.isRunning, backup.isRunning]).toEqual([false, false]);
});
