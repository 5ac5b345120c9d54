/**
 * What the emulated sender puts on the wire and what it writes down: signature, headers, URL, the
 * record of each attempt, and its bounds.
 */
import { createServer as createPlainServer, type AddressInfo } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';

import {
  CssEmulator,
  fixedTarget,
  VirtualClock,
  type CallbackAttempt,
  type CssEmulatorOptions,
  type TemplateDirectory,
} from '../../src/emulator/index.js';
import { signatureOf } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { answering, startReceiver, type Respond } from '../support/callback-receiver.js';

const START = Date.UTC(2026, 5, 1, 12) + 400;
const START_SECONDS = Math.floor(START / 1000);
const PUSH = { domain: 'push.example.com', streamName: 'room' };

async function setUp(options: Partial<CssEmulatorOptions> & { respond?: Respond } = {}) {
  const { respond, ...rest } = options;
  const clock = new VirtualClock({ startAt: START });
  const receiver = await startReceiver(respond);
  const directory = fixedTarget({ key: KEY, baseUrl: `${receiver.url}/live-callback` });
  const emulator = new CssEmulator({ directory, clock, ...rest });
  onTestFinished(() => emulator.close());
  return { clock, receiver, emulator };
}

describe('a request', () => {
  it('is a POST of JSON to the URL of its kind, signed for ten minutes', async () => {
    const { clock, receiver, emulator } = await setUp();
    emulator.pushStream(PUSH);
    await clock.advance(0);
    const [request] = receiver.requests;
    expect(request).toMatchObject({
      method: 'POST',
      url: '/live-callback/stream-push',
      headers: { 'content-type': 'application/json' },
    });
    const t = START_SECONDS + 600;
    expect(request!.payload).toMatchObject({ t, sign: signatureOf(KEY, t) });
    expect(request!.payload).toMatchObject({ event_type: 1, event_time: START_SECONDS });
  });

  it('is signed anew at each retry', async () => {
    const { clock, receiver, emulator } = await setUp({ respond: answering(500) });
    emulator.pushStream(PUSH);
    await clock.advance(120_000);
    expect(receiver.requests.map(({ payload }) => payload['t'])).toEqual(
      [600, 660, 720].map((seconds) => START_SECONDS + seconds),
    );
    for (const { payload } of receiver.requests) {
      expect(payload['sign']).toBe(signatureOf(KEY, payload['t'] as number));
    }
  });

  it('repeats its first signature when it is told to', async () => {
    const { clock, receiver, emulator } = await setUp({ respond: answering(500), resign: false });
    emulator.pushStream(PUSH);
    await clock.advance(720_000);
    expect(new Set(receiver.requests.map(({ body }) => body)).size).toBe(1);
    expect(receiver.requests).toHaveLength(13);
    expect(receiver.requests[0]!.payload['t']).toBe(START_SECONDS + 600);
  });

  it.each(['monitor', 'relay'] as const)('of the kind %s is not signed', async (kind) => {
    const { clock, receiver, emulator } = await setUp();
    if (kind === 'monitor') emulator.pushStream(PUSH).report(kind);
    else emulator.createRelay({ sourceUrls: ['http://a.example.com/a.mp4'], to: PUSH }).start();
    await clock.advance(0);
    const request = receiver.requests.find(({ url }) => url.endsWith(kind));
    expect(Object.keys(request!.payload)).not.toContain('t');
    expect(Object.keys(request!.payload)).not.toContain('sign');
  });

  it('is not signed when the template has no key', async () => {
    const receiver = await startReceiver();
    const directory = fixedTarget({ key: '', baseUrl: receiver.url });
    const { clock, emulator } = await setUp({ directory });
    emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(Object.keys(receiver.requests[0]!.payload)).not.toContain('sign');
  });
});

describe('where a callback goes', () => {
  it('is what the directory says for its domain and path', async () => {
    const asked: string[] = [];
    const receiver = await startReceiver();
    const directory: TemplateDirectory = {
      targetOf(pushDomain, appName) {
        asked.push(`${pushDomain}/${appName}`);
        const hasScreenshots = appName === 'app';
        return pushDomain === 'bound.example.com'
          ? {
              key: KEY,
              urlOf: (kind) =>
                kind === 'screenshot' && !hasScreenshots ? undefined : `${receiver.url}/x-${kind}`,
            }
          : undefined;
      },
    };
    const { clock, emulator } = await setUp({ directory });
    const bound = emulator.pushStream({ ...PUSH, domain: 'bound.example.com' });
    const other = emulator.pushStream({ ...PUSH, domain: 'other.example.com', appName: 'app' });
    await expect(other.pushed.outcome).resolves.toBe('unbound');
    await expect(bound.screenshot().outcome).resolves.toBe('unbound');
    await clock.advance(0);
    await expect(bound.pushed.outcome).resolves.toBe('acknowledged');
    expect(receiver.requests.map(({ url }) => url)).toEqual(['/x-stream-push']);
    expect(asked).toEqual(['bound.example.com/live', 'other.example.com/app', asked[0]]);
  });

  it('keeps the query string of a base URL, which no record shows', async () => {
    const receiver = await startReceiver();
    const baseUrl = `${receiver.url}/live-callback/?token=a-very-secret-token`;
    const { clock, emulator } = await setUp({ directory: fixedTarget({ key: KEY, baseUrl }) });
    emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(receiver.requests[0]!.url).toBe('/live-callback/stream-push?token=a-very-secret-token');
    expect(emulator.attempts()[0]!.url).toBe(`${receiver.url}/live-callback/stream-push?***`);
    expect(JSON.stringify(emulator.attempts())).not.toContain('a-very-secret-token');
  });

  it('must be a place, and the key one that CSS takes', () => {
    expect(() => fixedTarget({ key: KEY, baseUrl: 'ftp://host/x' })).toThrow(
      'baseUrl must be a URL that begins with http:// or https://.',
    );
    expect(() => fixedTarget({ key: 'two words', baseUrl: 'http://host' })).toThrow(
      'key must be up to 32 letters and digits, as CSS takes them.',
    );
  });

  it.each(['no URL at all', 'ftp://host/x', 'http://host:99999/'])(
    'that cannot be called, such as %s, is a failed attempt without the URL in its error',
    async (url) => {
      const directory = { targetOf: () => ({ key: KEY, urlOf: () => url }) };
      const { clock, emulator } = await setUp({ directory });
      emulator.pushStream(PUSH);
      await clock.advance(0);
      const [attempt] = emulator.attempts();
      expect(attempt).toMatchObject({
        status: null,
        error: 'the URL of the callback cannot be called',
      });
      expect(attempt!.nextAttemptAt).toBe(START + 60_000);
    },
  );
});

describe('the record of an attempt', () => {
  it('holds request, answer, and the next try', async () => {
    const { clock, receiver, emulator } = await setUp({ respond: answering(503, 'busy') });
    const stream = emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(emulator.attempts()).toEqual([
      {
        id: expect.any(String),
        callbackId: stream.pushed.id,
        kind: 'stream-push',
        eventType: 1,
        domain: 'push.example.com',
        appName: 'live',
        streamName: 'room',
        sequence: stream.sequence,
        url: `${receiver.url}/live-callback/stream-push`,
        at: START,
        endedAt: START,
        request: {
          headers: {
            'content-type': 'application/json',
            'content-length': String(receiver.requests[0]!.body.length),
          },
          body: receiver.requests[0]!.body,
        },
        status: 503,
        answer: 'busy',
        error: null,
        isAcknowledged: false,
        retry: 0,
        nextAttemptAt: START + 60_000,
      } satisfies CallbackAttempt,
    ]);
  });

  it('is handed out at once, and errors of who gets it come out of the clock', async () => {
    const seen: CallbackAttempt[] = [];
    const { clock, emulator } = await setUp({ onAttempt: (attempt) => void seen.push(attempt) });
    emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(seen).toEqual(emulator.attempts());

    const broken = await setUp({
      onAttempt: () => {
        throw new Error('my bug');
      },
    });
    broken.emulator.pushStream(PUSH);
    await expect(broken.clock.advance(0)).rejects.toThrow('my bug');
  });

  it('keeps the beginning of a long answer, and does not read an endless one to its end', async () => {
    const chunk = 'x'.repeat(10_000);
    const { clock, emulator } = await setUp({
      respond: (response) => {
        response.writeHead(200);
        const more = () => {
          while (response.write(chunk));
        };
        response.on('drain', more);
        more();
      },
    });
    emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(emulator.attempts()[0]).toMatchObject({ status: 200, isAcknowledged: true });
    expect(emulator.attempts()[0]!.answer).toBe('x'.repeat(4_096));
  });

  it('names what is no HTTP, and a connection that breaks off', async () => {
    const servers = [
      createPlainServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')),
      createPlainServer((socket) => socket.once('data', () => socket.destroy())),
    ];
    for (const server of servers) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
    }
    const errors = [];
    for (const server of servers) {
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { clock, emulator } = await setUp({ directory: fixedTarget({ key: KEY, baseUrl }) });
      emulator.pushStream(PUSH);
      await clock.advance(0);
      errors.push(emulator.attempts()[0]!.error);
    }
    expect(errors).toEqual([expect.stringContaining('Parse Error'), 'socket hang up']);
  });

  it('names a certificate that cannot be checked', async () => {
    const receiver = await startReceiver();
    const baseUrl = receiver.url.replace('http:', 'https:');
    const { clock, emulator } = await setUp({ directory: fixedTarget({ key: KEY, baseUrl }) });
    emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(emulator.attempts()[0]).toMatchObject({ status: null, error: expect.any(String) });
    expect(receiver.requests).toEqual([]);
  });

  it('goes when there are too many, the oldest first, as ended pushes do', async () => {
    const { clock, emulator } = await setUp({ historyLimit: 3 });
    for (const streamName of ['a', 'b', 'c', 'd']) {
      emulator.pushStream({ ...PUSH, streamName }).interrupt();
    }
    const running = emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(emulator.attempts().map(({ kind, streamName }) => `${kind} ${streamName}`)).toEqual([
      'stream-push d',
      'stream-interrupt d',
      'stream-push room',
    ]);
    expect(emulator.sessions().map(({ streamName }) => streamName)).toEqual([
      'b',
      'c',
      'd',
      'room',
    ]);
    expect(emulator.streams()).toEqual([running]);
  });
});

describe('an emulator that is closed', () => {
  it('sends nothing any more, and says so', async () => {
    const { clock, receiver, emulator } = await setUp({ respond: answering(500) });
    const stream = emulator.pushStream({ ...PUSH, screenshots: true, record: true });
    emulator.inject('reorder', { kind: 'push-error' });
    const held = stream.pushError();
    await clock.advance(30_000);
    const before = receiver.requests.length;
    await emulator.close();
    await clock.advance(3_600_000);
    expect(receiver.requests).toHaveLength(before);
    await expect(stream.pushed.outcome).resolves.toBe('cancelled');
    await expect(held.outcome).resolves.toBe('cancelled');
    await expect(stream.imageAudit().outcome).resolves.toBe('cancelled');
    expect(emulator.streams()).toEqual([]);
  });

  it.each(['lost-request', 'lost-answer'] as const)(
    'records the attempt that a %s leaves open',
    async (fault) => {
      const { clock, emulator } = await setUp();
      emulator.inject(fault);
      const stream = emulator.pushStream(PUSH);
      await clock.advance(10_000);
      await emulator.close();
      await clock.advance(3_600_000);
      await expect(stream.pushed.outcome).resolves.toBe('cancelled');
      expect(emulator.attempts()).toMatchObject([
        { status: null, error: 'the emulator was closed', endedAt: START + 10_000 },
      ]);
    },
  );

  it('tears down a request in flight and records it', async () => {
    const receiver = await startReceiver(() => {});
    const directory = fixedTarget({ key: KEY, baseUrl: receiver.url });
    const emulator = new CssEmulator({ directory });
    const stream = emulator.pushStream(PUSH);
    await expect.poll(() => receiver.requests.length).toBe(1);
    await emulator.close();
    await expect(stream.pushed.outcome).resolves.toBe('cancelled');
    expect(emulator.attempts()).toMatchObject([
      { status: null, error: 'the emulator was closed', nextAttemptAt: null },
    ]);
  });
});
