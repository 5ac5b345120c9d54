/**
 * Listeners: which events they get, in which order, how often, and that what they do changes neither
 * the answer to CSS nor their neighbours. Observers of the bus, and declarations that stop the start.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { Controller, Inject, Injectable, Scope, type Provider } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import {
  LiveCallbackAuditService,
  LiveCallbackDelivery,
  ListenerError,
  LiveEventBus,
  OnLiveEvent,
  type LiveEvent,
  type LiveEventKind,
} from '../../src/index.js';
import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';
import {
  imageAuditCallback,
  liveEventOf,
  recordFileCallback,
  screenshotCallback,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { LogLines } from '../support/log-lines.js';
import { errorOfStart, scratchHost } from '../support/scratch.js';

const sign = (callback: object) => signCallback(callback, { key: KEY });
const audit = ({ app }: Host) => app.get(LiveCallbackAuditService, { strict: false });
const busOf = ({ app }: Host) => app.get(LiveEventBus, { strict: false });

/** Sends callbacks one after the other and waits for all listeners. */
async function sendAll(host: Host, ...callbacks: object[]): Promise<void> {
  for (const callback of callbacks) {
    const answer = await host.send(sign(callback));
    expect(answer).toMatchObject({ status: 200, text: '{"code":0}' });
  }
  await whenListenersDone(host.app);
}

/** Delivery rows of the newest callback, by listener. */
async function newestDeliveries(host: Host) {
  const { items } = await audit(host).find({ limit: 1 });
  return (await audit(host).get(items[0]!.id))!.deliveries;
}

@Injectable()
class Listeners {
  readonly seen: string[] = [];

  @OnLiveEvent('stream-push')
  onPush(event: LiveEvent<'stream-push'>) {
    this.seen.push(`push ${event.kind}`);
  }

  @OnLiveEvent(['stream-push', 'stream-interrupt'])
  onState(event: LiveEvent<'stream-push' | 'stream-interrupt'>) {
    this.seen.push(`state ${event.kind}`);
  }

  @OnLiveEvent('*')
  async onAny(event: LiveEvent) {
    await sleep(1);
    this.seen.push(`any ${event.kind}`);
  }

  @OnLiveEvent('unknown')
  onUnknown(event: LiveEvent<'unknown'>) {
    this.seen.push(`unknown ${JSON.stringify(event.data['event_type'])}`);
  }
}

describe('a listener', () => {
  it('gets the kinds that it names', async () => {
    const host = await scratchHost({ module: { providers: [Listeners] } });
    await sendAll(
      host,
      streamPushCallback(),
      streamInterruptCallback(),
      recordFileCallback(),
      screenshotCallback(),
      imageAuditCallback(),
      streamPushCallback({ event_type: 4711 }),
    );
    expect(host.app.get(Listeners).seen.toSorted()).toEqual(
      [
        'push stream-push',
        'state stream-push',
        'state stream-interrupt',
        'any stream-push',
        'any stream-interrupt',
        'any record-file',
        'any screenshot',
        'any image-audit',
        'any unknown',
        'unknown 4711',
      ].toSorted(),
    );
  });

  it('has a delivery row per event, named after class and method', async () => {
    const host = await scratchHost({ module: { providers: [Listeners] } });
    await sendAll(host, streamPushCallback());
    expect(await newestDeliveries(host)).toMatchObject(
      ['Listeners.onAny', 'Listeners.onPush', 'Listeners.onState'].map((listener) => ({
        listener,
        state: 'done',
        attempts: 1,
        lastError: null,
        nextAttemptAt: null,
      })),
    );
  });

  it('gets an event with everything that the envelope promises', async () => {
    const events: LiveEvent[] = [];
    class Keeper {
      @OnLiveEvent('*')
      on(event: LiveEvent) {
        events.push(event);
      }
    }
    const host = await scratchHost({ module: { providers: [Keeper] } });
    const signed = sign(streamPushCallback({ sequence: '18446744073709551615', extra: 1 }));
    await host.send(signed);
    await whenListenersDone(host.app);
    const [row] = (await audit(host).find()).items;
    expect(events).toEqual([
      {
        id: row!.id,
        registration: 'default',
        origin: 'callback',
        kind: 'stream-push',
        stream: {
          appId: '12345678',
          domain: 'push.example.com',
          path: 'live',
          name: 'test_stream',
        },
        occurredAt: new Date((signed.payload['event_time'] as number) * 1000),
        receivedAt: row!.receivedAt,
        attempt: 1,
        conflicting: false,
        traceparent: null,
        replay: null,
        data: expect.objectContaining({ sequence: '18446744073709551615', appid: '12345678' }),
        raw: signed.payload,
      },
    ]);
    expect(Object.isFrozen(events[0])).toBe(true);
  });

  it('gets no quarantined event, whatever it names', async () => {
    const host = await scratchHost({ module: { providers: [Listeners] } });
    const observed: string[] = [];
    busOf(host).on('*', ({ kind }) => observed.push(kind));
    await sendAll(host, streamPushCallback({ stream_id: undefined }));
    expect((await audit(host).find()).items).toMatchObject([{ state: 'quarantined' }]);
    expect(host.app.get(Listeners).seen).toEqual([]);
    expect(await newestDeliveries(host)).toEqual([]);
    expect(observed).toEqual([]);
  });

  it('can be a method of a controller', async () => {
    const seen: string[] = [];
    @Controller('host')
    class HostController {
      @OnLiveEvent('stream-push')
      onPush({ kind }: LiveEvent<'stream-push'>) {
        seen.push(kind);
      }
    }
    const host = await scratchHost({ module: { controllers: [HostController] } });
    await sendAll(host, streamPushCallback());
    expect(seen).toEqual(['stream-push']);
    expect(await newestDeliveries(host)).toMatchObject([{ listener: 'HostController.onPush' }]);
  });

  it.each<[string, (type: new () => Listeners) => Provider]>([
    ['a factory', (type) => ({ provide: 'L', useFactory: () => new type() })],
    ['an async factory', (type) => ({ provide: 'L', useFactory: async () => new type() })],
    [
      'a factory with dependencies',
      (type) => ({ provide: 'L', inject: [LiveEventBus], useFactory: () => new type() }),
    ],
    ['a value', (type) => ({ provide: 'L', useValue: new type() })],
    ['a class under another token', (type) => ({ provide: 'L', useClass: type })],
  ])('can come from %s', async (_case, provider) => {
    const host = await scratchHost({ module: { providers: [provider(Listeners)] } });
    await sendAll(host, screenshotCallback());
    expect(host.app.get<Listeners>('L').seen).toEqual(['any screenshot']);
  });

  it('runs once when its instance has several tokens', async () => {
    const host = await scratchHost({
      module: {
        providers: [
          { provide: 'before', useExisting: Listeners },
          Listeners,
          { provide: 'after', useExisting: Listeners },
          { provide: 'made', inject: [Listeners], useFactory: (same: Listeners) => same },
        ],
        exports: [Listeners, 'after'],
      },
    });
    await sendAll(host, streamPushCallback());
    expect(host.app.get(Listeners).seen.toSorted()).toEqual([
      'any stream-push',
      'push stream-push',
      'state stream-push',
    ]);
  });

  it('can be inherited', async () => {
    class Child extends Listeners {}
    const host = await scratchHost({ module: { providers: [Child] } });
    await sendAll(host, screenshotCallback());
    expect(await newestDeliveries(host)).toMatchObject([{ listener: 'Child.onAny' }]);
  });

  it('can carry the decorator more than once, with an id each', async () => {
    const seen: string[] = [];
    class Stacked {
      @OnLiveEvent('stream-push', { id: 'starts' })
      @OnLiveEvent(['record-file', 'screenshot'], { id: 'files' })
      on({ kind }: LiveEvent<'stream-push' | 'record-file' | 'screenshot'>) {
        seen.push(kind);
      }
    }
    const host = await scratchHost({ module: { providers: [Stacked] } });
    await sendAll(host, streamPushCallback(), screenshotCallback(), streamInterruptCallback());
    expect(seen).toEqual(['stream-push', 'screenshot']);
    const rows = await host.app.get(DataSource).getRepository(LiveCallbackDelivery).find();
    expect(rows.map(({ listener }) => listener).toSorted()).toEqual(['files', 'starts']);
  });

  it('runs once per event when 50 copies arrive at the same time', async () => {
    const host = await scratchHost({ module: { providers: [Listeners] } });
    const signed = sign(screenshotCallback());
    const answers = await Promise.all(Array.from({ length: 50 }, () => host.send(signed)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    await whenListenersDone(host.app);
    expect(host.app.get(Listeners).seen).toEqual(['any screenshot']);
    const { items } = await audit(host).find();
    expect(items).toMatchObject([{ receiptsCount: 50, conflicting: false }]);
  });
});

describe('a listener that throws', () => {
  const THROWN: [string, () => unknown, string][] = [
    [
      'an Error',
      () => {
        throw new RangeError('too far');
      },
      'RangeError: too far',
    ],
    ['an Error later', () => Promise.reject(new Error('too late')), 'Error: too late'],
    [
      'text',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- what a listener may do
        throw 'just text';
      },
      'just text',
    ],
    ['nothing', () => Promise.reject(), 'undefined'],
    ['null', () => Promise.reject(null), 'null'],
    [
      'a value that cannot be shown',
      () =>
        Promise.reject({
          toString() {
            throw new Error('no');
          },
        }),
      'a value that cannot be shown as text',
    ],
    [
      'an object without prototype',
      () => Promise.reject(Object.create(null)),
      'a value that cannot be shown as text',
    ],
    [
      'lines, NUL and half a character',
      () => Promise.reject(new Error('a\nb\0c\ud800')),
      'Error: a b c\ufffd',
    ],
    [
      'a very long message',
      () => Promise.reject(new Error('x'.repeat(5_000))),
      `Error: ${'x'.repeat(993)}`,
    ],
  ];

  it.each(THROWN)(
    '%s changes neither the answer nor its neighbours, and is remembered',
    async (_case, act, lastError) => {
      class Failing {
        @OnLiveEvent('*')
        on() {
          return act();
        }
      }
      const logger = new LogLines();
      const host = await scratchHost({
        module: { providers: [Failing, Listeners] },
        application: { logger },
      });
      await sendAll(host, screenshotCallback());
      expect(host.app.get(Listeners).seen).toEqual(['any screenshot']);
      expect(await newestDeliveries(host)).toMatchObject([
        { listener: 'Failing.on', state: 'pending', attempts: 1, lastError },
        { listener: 'Listeners.onAny', state: 'done', attempts: 1, lastError: null },
      ]);
      expect(logger.of('error').join()).toContain('Listener Failing.on failed on screenshot');
    },
  );

  it('can be found through the audit service', async () => {
    class Failing {
      @OnLiveEvent('screenshot')
      on() {
        throw new Error('no');
      }
    }
    const host = await scratchHost({ module: { providers: [Failing] } });
    await sendAll(host, screenshotCallback(), streamPushCallback());
    const { items } = await audit(host).find({ delivery: 'pending' });
    expect(items).toMatchObject([{ kind: 'screenshot' }]);
  });
});

describe('the order of events', () => {
  it('of one stream is the order of their rows, for every listener', async () => {
    const seen: Record<'quick' | 'slow', string[]> = { quick: [], slow: [] };
    class Ordered {
      @OnLiveEvent('*')
      quick({ id }: LiveEvent) {
        seen.quick.push(id);
      }

      @OnLiveEvent('*')
      async slow({ id }: LiveEvent) {
        await sleep(Math.random() * 8);
        seen.slow.push(id);
      }
    }
    const host = await scratchHost({ module: { providers: [Ordered] } });
    await Promise.all(Array.from({ length: 60 }, () => host.send(sign(streamPushCallback()))));
    await whenListenersDone(host.app);
    const { items } = await audit(host).find({ limit: 500 });
    const stored = items.map(({ id }) => id).toReversed();
    expect(stored).toHaveLength(60);
    expect(seen.quick).toEqual(stored);
    expect(seen.slow).toEqual(stored);
  });

  it('holds across the kinds of a stream: a push before its interruption', async () => {
    const seen: string[] = [];
    class Ordered {
      @OnLiveEvent(['stream-push', 'stream-interrupt'])
      async on(event: LiveEvent<'stream-push' | 'stream-interrupt'>) {
        if (event.kind === 'stream-push') await sleep(20);
        seen.push(event.kind);
      }
    }
    const host = await scratchHost({ module: { providers: [Ordered] } });
    await sendAll(host, streamPushCallback(), streamInterruptCallback());
    expect(seen).toEqual(['stream-push', 'stream-interrupt']);
  });

  it('leaves different streams side by side: one that waits holds up no other', async () => {
    const seen: string[] = [];
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    class Waiting {
      @OnLiveEvent('stream-push')
      async on({ stream }: LiveEvent<'stream-push'>) {
        if (stream.name === 'slow') await released;
        seen.push(String(stream.name));
        if (stream.name === 'last') release();
      }
    }
    const host = await scratchHost({ module: { providers: [Waiting] } });
    await sendAll(
      host,
      ...['slow', 'slow', 'a', 'b', 'last'].map((stream_id) => streamPushCallback({ stream_id })),
    );
    expect(seen).toEqual(['a', 'b', 'last', 'slow', 'slow']);
  });

  it('is kept when a listener throws in the middle', async () => {
    const seen: string[] = [];
    class Failing {
      @OnLiveEvent('stream-push', { attempts: 2, backoffMs: 20 })
      on({ data }: LiveEvent<'stream-push'>) {
        seen.push(data.sequence!);
        if (data.sequence === '2') throw new Error('no');
      }
    }
    const host = await scratchHost({ module: { providers: [Failing] } });
    await sendAll(host, ...['1', '2', '3'].map((sequence) => streamPushCallback({ sequence })));
    await expect.poll(() => seen).toEqual(['1', '2', '2', '3']);
  });
});

describe('a start is refused when a listener', () => {
  const refusal = async (provider: Provider) => {
    const error = await errorOfStart(scratchHost({ module: { providers: [provider] } }));
    expect(error.name).toBe('ListenerError');
    return error.message;
  };

  it('has the id of another', async () => {
    class Twins {
      @OnLiveEvent('stream-push', { id: 'twin' })
      first() {}

      @OnLiveEvent('screenshot', { id: 'twin' })
      second() {}
    }
    expect(await refusal(Twins)).toBe(
      'Two listeners have the id "twin"; the second is Twins.second. Give one of them its own: @OnLiveEvent(…, { id: \'…\' }), and provide a listener class in one module only.',
    );
  });

  it('carries the decorator twice without ids', async () => {
    class Stacked {
      @OnLiveEvent('stream-push')
      @OnLiveEvent('screenshot')
      on(_event: LiveEvent) {}
    }
    expect(await refusal(Stacked)).toBe(
      'Two listeners have the id "Stacked.on"; the second is Stacked.on. Give one of them its own: @OnLiveEvent(…, { id: \'…\' }), and provide a listener class in one module only.',
    );
  });

  it('has two instances', async () => {
    const error = await errorOfStart(
      scratchHost({
        module: { providers: [Listeners, { provide: 'again', useClass: Listeners }] },
      }),
    );
    expect(error.message).toMatch(/^Two listeners have the id "Listeners\.\w+"; the second is/);
  });

  it('names an unknown kind', async () => {
    class Stranger {
      @OnLiveEvent('stream-psuh' as LiveEventKind)
      on() {}
    }
    const kinds = EVENT_DEFINITIONS.map(({ kind }) => kind).join(', ');
    expect(await refusal(Stranger)).toBe(
      `@OnLiveEvent on Stranger.on names the unknown kind "stream-psuh". Known kinds: '*', ${kinds}, unknown.`,
    );
  });

  it.each(['', 'x'.repeat(191), 'naïve', 'a\nb', '\u0000'])('has the id %j', async (id) => {
    class Named {
      @OnLiveEvent('stream-push', { id })
      on() {}
    }
    expect(await refusal(Named)).toBe(
      `@OnLiveEvent on Named.on has the id "${id}". Give it one of 1 to 190 printable ASCII characters: @OnLiveEvent(…, { id: 'orders' }).`,
    );
  });

  const NOT_STATIC = (name: string) =>
    `@OnLiveEvent on ${name}.on: a request-scoped or transient class cannot listen, because events arrive outside requests. Make ${name} a singleton, or move the method to one.`;

  it.each([Scope.REQUEST, Scope.TRANSIENT])('has scope %s', async (scope) => {
    @Injectable({ scope })
    class Scoped {
      @OnLiveEvent('stream-push')
      on() {}
    }
    expect(await refusal(Scoped)).toBe(NOT_STATIC('Scoped'));
  });

  it('depends on the request', async () => {
    @Injectable()
    class Dependent {
      constructor(@Inject(REQUEST) readonly request: object) {}

      @OnLiveEvent('stream-push')
      on() {}
    }
    expect(await refusal(Dependent)).toBe(NOT_STATIC('Dependent'));
  });
});

describe('@OnLiveEvent', () => {
  it.each([[undefined], [null], [[]], [[undefined]], [5]])(
    'refuses %j at once',
    (patterns: unknown) => {
      expect(() => OnLiveEvent(patterns as LiveEventKind)).toThrow(
        new ListenerError("@OnLiveEvent needs a kind, a list of kinds, or '*'"),
      );
    },
  );
});

describe('LiveEventBus', () => {
  const push = () => liveEventOf('stream-push', streamPushCallback());

  it('tells subscribers of each newly stored event, by kind or all', async () => {
    const host = await scratchHost();
    const seen: string[] = [];
    const bus = busOf(host);
    bus.on('stream-push', ({ data }) => seen.push(`push ${data.stream_id}`));
    bus.on('*', ({ kind }) => seen.push(`any ${kind}`));
    const repeated = streamPushCallback();
    await sendAll(host, repeated, repeated, screenshotCallback());
    expect(seen).toEqual(['push test_stream', 'any stream-push', 'any screenshot']);
  });

  it('tells nobody any more after off, or after the function that on returns', async () => {
    const host = await scratchHost();
    const seen: string[] = [];
    const bus = busOf(host);
    const first = () => seen.push('first');
    bus.on('stream-push', first);
    const end = bus.on('*', () => seen.push('second'));
    await sendAll(host, streamPushCallback());
    bus.off('stream-push', first);
    bus.off('stream-push', first);
    end();
    end();
    await sendAll(host, streamPushCallback());
    expect(seen).toEqual(['first', 'second']);
  });

  it('offers the same events as an Observable', async () => {
    const host = await scratchHost();
    const seen: string[] = [];
    const bus = busOf(host);
    const all = bus.observe().subscribe(({ kind }) => seen.push(`all ${kind}`));
    bus.observe('screenshot').subscribe(({ data }) => seen.push(`picture ${data.stream_id}`));
    await sendAll(host, streamPushCallback(), screenshotCallback());
    all.unsubscribe();
    await sendAll(host, streamPushCallback());
    expect(seen).toEqual(['all stream-push', 'all screenshot', 'picture test_stream']);
  });

  it('goes on when observers throw: answer, neighbours and listeners do not notice', async () => {
    const logger = new LogLines();
    const host = await scratchHost({
      module: { providers: [Listeners] },
      application: { logger },
    });
    const seen: string[] = [];
    const bus = busOf(host);
    bus.on('*', () => {
      throw new Error('sync');
    });
    bus.on('*', () => Promise.reject(new Error('async')));
    bus.on('*', () => seen.push('handler'));
    bus.observe().subscribe(() => seen.push('before'));
    await sendAll(host, screenshotCallback());
    expect(seen).toEqual(['handler', 'before']);
    expect(host.app.get(Listeners).seen).toEqual(['any screenshot']);
    const errors = logger.of('error').join('\n');
    expect(errors).toMatch(/An observer failed on screenshot [0-9a-f-]{36}: Error: sync/);
    expect(errors).toMatch(/An observer failed on screenshot [0-9a-f-]{36}: Error: async/);
  });

  it('goes on when the subscriber of an Observable throws, which RxJS reports to the process', async () => {
    const uncaught: unknown[] = [];
    const earlier = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    try {
      const host = await scratchHost({ module: { providers: [Listeners] } });
      const seen: string[] = [];
      const bus = busOf(host);
      bus.observe().subscribe(() => {
        throw new Error('in a subscriber');
      });
      bus.observe('screenshot').subscribe(({ kind }) => seen.push(kind));
      await sendAll(host, screenshotCallback(), screenshotCallback());
      expect(seen).toEqual(['screenshot', 'screenshot']);
      expect(host.app.get(Listeners).seen).toEqual(['any screenshot', 'any screenshot']);
      await vi.waitFor(() => expect(uncaught).toHaveLength(2));
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of earlier) process.on('uncaughtException', listener);
    }
  });

  it('publishes an event to listeners and observers without storing it', async () => {
    const host = await scratchHost({ module: { providers: [Listeners] } });
    const observed: string[] = [];
    busOf(host).on('*', ({ kind }) => observed.push(kind));
    await busOf(host).publish(push());
    expect(host.app.get(Listeners).seen.toSorted()).toEqual([
      'any stream-push',
      'push stream-push',
      'state stream-push',
    ]);
    expect(observed).toEqual(['stream-push']);
    expect((await audit(host).find()).items).toEqual([]);
  });

  it('publishes to all listeners before it throws what some of them threw', async () => {
    class Failing {
      @OnLiveEvent('stream-push')
      first() {
        throw new Error('sync');
      }

      @OnLiveEvent('stream-push')
      second() {
        return Promise.reject(new Error('async'));
      }
    }
    const host = await scratchHost({ module: { providers: [Failing, Listeners] } });
    const event = push();
    const thrown: unknown = await busOf(host)
      .publish(event)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(AggregateError);
    expect(thrown).toMatchObject({
      message: `2 of 5 listeners failed on stream-push ${event.id}`,
      errors: [new Error('sync'), new Error('async')],
    });
    expect(host.app.get(Listeners).seen).toHaveLength(3);
  });
});
