/**
 * Signals: what the module tells `node:diagnostics_channel` while callbacks come in over HTTP, message
 * by message, and that nothing secret is in any of them. When nobody listens, no message is made.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { Injectable } from '@nestjs/common';
import { beforeEach, describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';

import {
  LiveCallbackAuditService,
  onLiveCallbackSignal,
  OnLiveEvent,
  type LiveCallbackSignal,
  type LiveCallbackSignals,
  type LiveEvent,
} from '../../src/index.js';
import { emitSignal } from '../../src/common/signals.js';
import { BodyRevealer } from '../../src/operations/body.revealer.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { scratchHost } from '../support/scratch.js';

/** All of them: a signal that is added or renamed does not compile here. */
const SIGNALS = Object.keys({
  volume: true,
  received: true,
  answered: true,
  stored: true,
  spooled: true,
  duplicate: true,
  conflicting: true,
  unknown: true,
  quarantined: true,
  revealed: true,
  refused: true,
  delivered: true,
  failed: true,
  dead: true,
  purged: true,
  session: true,
  corrected: true,
  asked: true,
  alert: true,
} satisfies Record<LiveCallbackSignal, true>) as LiveCallbackSignal[];

/** Stands in values of every body, and in no name. */
const MARKER = 'MARKER-OF-THE-BODY';

const NUMBER = expect.any(Number) as number;
const TIMES = { ageMs: NUMBER, delayMs: NUMBER };
const answered = (kind: string): Heard => ['answered', { kind, status: 200, durationMs: NUMBER }];

type Heard = { [S in LiveCallbackSignal]: [S, LiveCallbackSignals[S]] }[LiveCallbackSignal];

@Injectable()
class Listeners {
  @OnLiveEvent('stream-push')
  onPush(): void {}

  @OnLiveEvent('stream-interrupt', { id: 'broken', attempts: 1 })
  onInterrupt({ id }: LiveEvent<'stream-interrupt'>): void {
    throw new RangeError(`no room for ${id}`);
  }
}

/** Everything that is said until the test is over, in its order. */
function listen(): Heard[] {
  const heard: Heard[] = [];
  for (const signal of SIGNALS) {
    // Comes when it is looked for trouble: test/operations/alerts.spec.ts.
    if (signal === 'alert') continue;
    onTestFinished(
      onLiveCallbackSignal(signal, (message) => heard.push([signal, message] as Heard)),
    );
  }
  return heard;
}

const push = (fields: object = {}) =>
  streamPushCallback({ errmsg: MARKER, stream_param: MARKER, ...fields });

describe('over HTTP', () => {
  let host: Host;
  let heard: Heard[];

  beforeEach(async () => {
    host = await scratchHost({ module: { providers: [Listeners] } });
    heard = listen();
  });

  async function post(callback: object, path?: string): Promise<void> {
    const answer = await host.send(signCallback(callback, { key: KEY }), path);
    expect(answer.status).toBe(200);
    await whenListenersDone(host.app);
  }

  async function latestId(): Promise<string> {
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    return (await audit.find({ limit: 1 })).items[0]?.id ?? 'none';
  }

  it('a new callback is received, stored and delivered', async () => {
    await post(push());
    const id = await latestId();
    const kind = 'stream-push';
    expect(heard).toEqual([
      ['received', { kind, state: 'accepted', routeKind: null, ...TIMES }],
      ['stored', { id, kind, state: 'accepted', conflicting: false }],
      answered(kind),
      [
        'delivered',
        { id, kind, listener: 'Listeners.onPush', attempt: 1, durationMs: NUMBER, lagMs: NUMBER },
      ],
    ]);
  });

  it('received says which URL was called', async () => {
    await post(push(), '/live-callback/stream-push');
    await post(push(), '/live-callback/screenshot');
    const messages = heard.flatMap(([signal, message]) => (signal === 'received' ? [message] : []));
    expect(messages).toEqual([
      { kind: 'stream-push', state: 'accepted', routeKind: 'stream-push', ...TIMES },
      { kind: 'stream-push', state: 'accepted', routeKind: 'screenshot', ...TIMES },
    ]);
  });

  it('one that comes again is received and a duplicate', async () => {
    const callback = push();
    await post(callback);
    heard.length = 0;
    await post(callback);
    expect(heard).toEqual([
      ['received', { kind: 'stream-push', state: 'accepted', routeKind: null, ...TIMES }],
      ['duplicate', { kind: 'stream-push' }],
      answered('stream-push'),
    ]);
  });

  it('of fifty copies at once one is stored and delivered, the others are duplicates', async () => {
    const signed = signCallback(push(), { key: KEY });
    await Promise.all(Array.from({ length: 50 }, () => host.send(signed)));
    await whenListenersDone(host.app);
    const count = (signal: LiveCallbackSignal) =>
      heard.filter(([heardSignal]) => heardSignal === signal).length;
    expect(SIGNALS.map((signal) => [signal, count(signal)]).filter(([, many]) => many)).toEqual([
      ['received', 50],
      ['answered', 50],
      ['stored', 1],
      ['duplicate', 49],
      ['delivered', 1],
    ]);
  });

  it('one with the identity of another is stored as a conflicting one', async () => {
    const callback = push();
    await post(callback);
    heard.length = 0;
    await post({ ...callback, user_ip: '198.51.100.7' });
    const id = await latestId();
    const kind = 'stream-push';
    expect(heard).toEqual([
      ['received', { kind, state: 'accepted', routeKind: null, ...TIMES }],
      ['stored', { id, kind, state: 'accepted', conflicting: true }],
      ['conflicting', { id, kind }],
      answered(kind),
      ['delivered', expect.objectContaining({ id, kind })],
    ]);
  });

  it.each([
    [9001, 9001],
    ['9001', 9001],
    [MARKER, null],
    [undefined, null],
    [2 ** 31, null],
  ])('one of the event_type %s is unknown', async (event_type, eventType) => {
    await post(push({ event_type }));
    const id = await latestId();
    expect(heard).toEqual([
      ['received', { kind: 'unknown', state: 'unknown', routeKind: null, ...TIMES, ageMs: null }],
      ['stored', { id, kind: 'unknown', state: 'unknown', conflicting: false }],
      ['unknown', { id, eventType }],
      answered('unknown'),
    ]);
  });

  it('one that does not fit its DTO is quarantined with the reasons', async () => {
    await post(push({ stream_id: { high: MARKER } }));
    const id = await latestId();
    const kind = 'stream-push';
    expect(heard).toEqual([
      ['received', { kind, state: 'quarantined', routeKind: null, ...TIMES, ageMs: null }],
      ['stored', { id, kind, state: 'quarantined', conflicting: false }],
      [
        'quarantined',
        {
          id,
          kind,
          errors: ['stream_id must be a string'],
        },
      ],
      answered(kind),
    ]);
  });

  it('one that a listener fails on is stored and failed', async () => {
    await post(push({ event_type: 0, errcode: 1 }));
    const id = await latestId();
    const kind = 'stream-interrupt';
    expect(heard).toEqual([
      ['received', { kind, state: 'accepted', routeKind: null, ...TIMES }],
      ['stored', { id, kind, state: 'accepted', conflicting: false }],
      answered(kind),
      [
        'failed',
        {
          id,
          kind,
          listener: 'broken',
          attempt: 1,
          error: `RangeError: no room for ${id}`,
          durationMs: NUMBER,
          retryInMs: null,
        },
      ],
      [
        'dead',
        { id, kind, listener: 'broken', attempt: 1, error: `RangeError: no room for ${id}` },
      ],
    ]);
  });

  it('one that is refused is that and nothing else, and nobody else hears of it', async () => {
    await host.send(signCallback(push(), { key: 'AnotherKeyAltogether' }));
    await host.send(signCallback(push(), { key: KEY, t: 1_700_000_000 }));
    await host.post('/live-callback', { headers: { 'content-type': 'text/plain' }, body: MARKER });
    await host.post('/live-callback', {
      headers: { 'content-type': 'application/json' },
      body: `{"${MARKER}":`,
    });
    const remoteAddress = '127.0.0.1';
    expect(heard).toEqual([
      ['refused', { reason: 'sign-mismatch', remoteAddress }],
      ['refused', { reason: 'expired', remoteAddress }],
      ['refused', { reason: 'media-type', remoteAddress }],
      ['refused', { reason: 'json-invalid', remoteAddress }],
    ]);
  });

  it('a handler that throws, now or later, harms nobody', async () => {
    onTestFinished(
      onLiveCallbackSignal('received', () => {
        throw new Error('handler');
      }),
    );
    onTestFinished(
      onLiveCallbackSignal('received', async () => Promise.reject(new Error('handler'))),
    );
    await post(push());
    expect(heard.map(([signal]) => signal)).toContain('delivered');
  });

  it('no message holds a key, a sign or a piece of a body', async () => {
    const signs: string[] = [];
    const send = async (callback: object, key = KEY) => {
      const signed = signCallback(callback, { key });
      signs.push(String(signed.payload['sign']));
      await host.send(signed);
    };
    const callback = push({ sequence: '1' });
    await send(callback);
    await send(callback);
    await send({ ...callback, user_ip: MARKER });
    await send(push({ event_type: MARKER }));
    await send(push({ sequence: [MARKER], stream_id: { a: MARKER } }));
    await send(push({ event_type: 317, labelResults: [{ Scene: [MARKER] }, MARKER] }));
    await send(push({ event_type: 0, errcode: 1 }));
    await send(push(), 'AnotherKeyAltogether');
    await host.post('/live-callback', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(push()),
    });
    await whenListenersDone(host.app);
    await host.app.get(LiveCallbackAuditService, { strict: false }).purge();
    await host.app.get(BodyRevealer, { strict: false }).record(await latestId(), 'ops');
    // All but those that take a database which is away (test/storage/spool.spec.ts), a minute
    // (test/receiving/volume.spec.ts) or the cloud (test/cloud/reconciliation/reconciliation.spec.ts).
    const elsewhere: LiveCallbackSignal[] = [
      'alert',
      'spooled',
      'volume',
      'session',
      'corrected',
      'asked',
    ];
    const expected = SIGNALS.filter((signal) => !elsewhere.includes(signal));
    expect(new Set(heard.map(([signal]) => signal))).toEqual(new Set(expected));
    const everything = JSON.stringify(heard);
    for (const secret of [KEY, 'AnotherKeyAltogether', MARKER, ...signs]) {
      expect(everything).not.toContain(secret);
    }
  });
});

describe('a subscription', () => {
  it('ends alone when it is ended, once or twice', async () => {
    const host = await scratchHost();
    const [ended, other] = [vi.fn<() => void>(), vi.fn<() => void>()];
    const end = onLiveCallbackSignal('stored', ended);
    onTestFinished(onLiveCallbackSignal('stored', other));
    const send = async () => {
      await host.send(signCallback(push(), { key: KEY }));
      await whenListenersDone(host.app);
    };
    await send();
    end();
    await send();
    end();
    await send();
    expect(ended).toHaveBeenCalledTimes(1);
    expect(other).toHaveBeenCalledTimes(3);
  });

  it('hears all applications of the process, and one signal alone', async () => {
    const hosts = [await scratchHost(), await scratchHost()];
    const heard = vi.fn<(message: LiveCallbackSignals['stored']) => void>();
    onTestFinished(onLiveCallbackSignal('stored', heard));
    for (const host of hosts) {
      await host.send(signCallback(push(), { key: KEY }));
      await whenListenersDone(host.app);
    }
    expect(heard.mock.calls.map(([{ kind }]) => kind)).toEqual(['stream-push', 'stream-push']);
  });

  it.each(SIGNALS)('to the channel nestjs-live-callback:%s hears the signal', (signal) => {
    const heard = vi.fn<(message: unknown, name: string | symbol) => void>();
    const channel = `nestjs-live-callback:${signal}`;
    subscribe(channel, heard);
    onTestFinished(() => {
      unsubscribe(channel, heard);
    });
    const message = { kind: 'stream-push' };
    emitSignal(signal, () => message as never);
    expect(heard.mock.calls).toEqual([[message, channel]]);
  });

  it('to a channel of node:diagnostics_channel hears what HTTP brings', async () => {
    const host = await scratchHost();
    const heard = vi.fn<(message: unknown) => void>();
    subscribe('nestjs-live-callback:refused', heard);
    onTestFinished(() => {
      unsubscribe('nestjs-live-callback:refused', heard);
    });
    await host.send(signCallback(push(), { key: 'AnotherKeyAltogether' }));
    expect(heard.mock.calls[0]?.[0]).toEqual({
      reason: 'sign-mismatch',
      remoteAddress: '127.0.0.1',
    });
  });

  it('has the types of its signal', () => {
    const lines = () => [
      onLiveCallbackSignal('failed', (message) =>
        expectTypeOf(message).toEqualTypeOf<LiveCallbackSignals['failed']>(),
      ),
      // @ts-expect-error -- no such signal
      onLiveCallbackSignal('fail', () => {}),
      // @ts-expect-error -- a refusal has no kind
      onLiveCallbackSignal('refused', ({ kind }) => kind),
    ];
    expect(lines).toBeTypeOf('function');
  });
});

describe('when nobody listens', () => {
  it.each(SIGNALS)(
    'no message of %s is made, before, between and after subscriptions',
    (signal) => {
      const make = vi.fn<() => never>(() => ({}) as never);
      emitSignal(signal, make);
      expect(make).not.toHaveBeenCalled();
      const end = onLiveCallbackSignal(signal, () => {});
      emitSignal(signal, make);
      expect(make).toHaveBeenCalledTimes(1);
      end();
      emitSignal(signal, make);
      expect(make).toHaveBeenCalledTimes(1);
    },
  );

  it('a subscriber to another signal does not count', () => {
    const make = vi.fn<() => LiveCallbackSignals['stored']>();
    onTestFinished(onLiveCallbackSignal('received', () => {}));
    emitSignal('stored', make);
    expect(make).not.toHaveBeenCalled();
  });

  it('one message is made for several subscribers', () => {
    const make = vi.fn<() => LiveCallbackSignals['duplicate']>(() => ({ kind: 'stream-push' }));
    const heard: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      onTestFinished(onLiveCallbackSignal('duplicate', (message) => heard.push(message)));
    }
    emitSignal('duplicate', make);
    expect(make).toHaveBeenCalledTimes(1);
    expect(heard).toEqual([{ kind: 'stream-push' }, heard[0], heard[0]]);
  });
});
