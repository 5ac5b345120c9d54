/**
 * Kinds of the host's own: declared by declaration merging, received at their own route, typed by
 * plain class-validator and class-transformer DTOs, identified and dated as the host says, and
 * checked at start. What such a DTO or definition makes of a callback never costs the callback.
 */
import { Injectable } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Transform } from 'class-transformer';
import { IsOptional, IsString } from 'class-validator';
import { describe, expect, expectTypeOf, it } from 'vitest';

import {
  defineLiveEvent,
  LiveCallbackAuditService,
  LiveCallbackModule,
  LiveEventBus,
  OnLiveEvent,
  type CustomLiveEvent,
  type LiveCallbackModuleOptions,
  type LiveEvent,
  type LiveEventKind,
  type LiveEventMap,
} from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { ADAPTERS, KEY, type AdapterName, type Host } from '../support/application.js';
import {
  BARE,
  bareCallback,
  BareDto,
  MIX,
  mixCallback,
  MixDto,
  MixInputDto,
} from '../support/custom-kinds.js';
import { EventRecorder } from '../support/event-recorder.js';
import { LogLines } from '../support/log-lines.js';
import { errorOfStart, scratchDatabase, scratchHost, scratchHostWith } from '../support/scratch.js';

const OK = { status: 200, text: '{"code":0}' };

@Injectable()
class MixListener {
  readonly seen: string[] = [];

  @OnLiveEvent('test-mix')
  onMix({ data }: LiveEvent<'test-mix'>): void {
    this.seen.push(`${data.mix_id} ${data.layout} ${data.inputNames}`);
  }
}

@Injectable()
class BareListener {
  readonly seen: string[] = [];

  @OnLiveEvent('test-bare')
  onBare({ data }: LiveEvent<'test-bare'>): void {
    this.seen.push(data.note);
  }
}

@Injectable()
class PushListener {
  readonly seen: string[] = [];

  @OnLiveEvent('stream-push')
  onPush({ id }: LiveEvent<'stream-push'>): void {
    this.seen.push(id);
  }
}

const sign = (callback: object) => signCallback(callback, { key: KEY });

async function post(host: Host, callback: object, path?: string) {
  const answer = await host.send(sign(callback), path);
  await whenListenersDone(host.app);
  return answer;
}

async function latest({ app }: Host) {
  const audit = app.get(LiveCallbackAuditService, { strict: false });
  const { items } = await audit.find({ limit: 1 });
  return (await audit.get(items[0]?.id ?? ''))!;
}

describe.each(ADAPTERS)('a kind of the host on %s', (adapter) => {
  const start = (...kinds: readonly CustomLiveEvent[]) =>
    scratchHost({
      adapter,
      options: { kinds },
      module: { providers: [EventRecorder, PushListener] },
    });

  it.each(['/live-callback/test-mix', '/live-callback'])(
    'is taken at %s, typed, stored and handed to its listener',
    async (path) => {
      const host = await scratchHost({
        adapter,
        options: { kinds: [MIX, BARE] },
        module: { providers: [EventRecorder, PushListener, MixListener, BareListener] },
      });
      const callback = mixCallback({ mix_id: 'one', event_time: 1_764_000_123 });
      const signed = sign(callback);
      expect(await host.send(signed, path)).toMatchObject(OK);
      await whenListenersDone(host.app);

      expect(host.app.get(MixListener).seen).toEqual(['one GRID a+b']);
      expect(host.app.get(PushListener).seen).toEqual([]);
      expect(host.app.get(BareListener).seen).toEqual([]);
      const { events } = host.app.get(EventRecorder);
      expect(events).toMatchObject([
        {
          kind: 'test-mix',
          stream: { appId: null, domain: 'push.example.com', path: 'live', name: 'mixed' },
          occurredAt: new Date('2025-11-24T16:02:03.000Z'),
          attempt: 1,
          conflicting: false,
          data: { mix_id: 'one', layout: 'GRID' },
          raw: { layout: 'grid', sign: signed.payload['sign'] },
        },
      ]);
      const [event] = events as [LiveEvent<'test-mix'>];
      expect(event.data).toBeInstanceOf(MixDto);
      expect(event.data.inputs.map((input) => input instanceof MixInputDto)).toEqual([true, true]);

      const stored = await latest(host);
      expect(stored).toMatchObject({
        kind: 'test-mix',
        eventType: 4021,
        state: 'accepted',
        occurredAt: new Date('2025-11-24T16:02:03.000Z'),
        warnings: [],
        errors: [],
        body: signed.body,
        deliveries: [
          { listener: 'EventRecorder.onEvent', state: 'done', attempts: 1 },
          { listener: 'MixListener.onMix', state: 'done', attempts: 1 },
        ],
      });
      expect(stored.data).toBeInstanceOf(MixDto);
    },
  );

  it('is found, counted and observed under its name', async () => {
    const host = await start(MIX, BARE);
    const observed: string[] = [];
    host.app.get(LiveEventBus, { strict: false }).on('test-mix', ({ data }) => {
      observed.push(data.mix_id);
    });
    await post(host, mixCallback({ mix_id: 'one' }));
    await post(host, bareCallback());
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    expect((await audit.find({ kind: 'test-mix' })).items).toHaveLength(1);
    expect(await audit.stats()).toMatchObject([
      { kind: 'test-bare', count: 1 },
      { kind: 'test-mix', count: 1 },
    ]);
    expect(observed).toEqual(['one']);
  });

  it('leaves the kinds of CSS as they are', async () => {
    const host = await start(MIX);
    expect(await post(host, streamPushCallback())).toMatchObject(OK);
    expect(host.app.get(PushListener).seen).toHaveLength(1);
    expect(await post(host, bareCallback())).toMatchObject(OK);
    expect(host.app.get(EventRecorder).events).toMatchObject([
      { kind: 'stream-push' },
      { kind: 'unknown' },
    ]);
  });

  it('has no route where it is not known', async () => {
    const host = await start();
    expect((await host.send(sign(mixCallback()), '/live-callback/test-mix')).status).toBe(404);
  });

  it('is told by its event_type, at whatever route it comes and however that is written', async () => {
    const host = await start(MIX, BARE);
    await post(host, mixCallback({ event_type: '4021' }), '/live-callback/test-bare');
    expect(await latest(host)).toMatchObject({
      kind: 'test-mix',
      state: 'accepted',
      warnings: ['other-route: test-bare'],
    });
    await post(host, bareCallback(), '/live-callback/stream-push');
    expect(await latest(host)).toMatchObject({
      kind: 'test-bare',
      warnings: ['other-route: stream-push'],
    });
  });

  it('is the same event by its identity: re-signed a duplicate, with other content a conflicting one', async () => {
    const host = await start(MIX);
    const callback = mixCallback();
    await post(host, callback);
    const t = Math.floor(Date.now() / 1000) + 500;
    await host.send(signCallback(callback, { key: KEY, t }));
    await post(host, { ...callback, layout: 'list' });
    const { events } = host.app.get(EventRecorder);
    expect(events.map(({ conflicting }) => conflicting)).toEqual([false, true]);
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    expect((await audit.find()).items).toMatchObject([
      { conflicting: true, receiptsCount: 1 },
      { conflicting: false, receiptsCount: 2 },
    ]);
  });

  it('may be accepted without a signature like those of CSS', async () => {
    const urlToken = 'token-of-sixteen-or-more';
    const host = await scratchHost({
      adapter,
      options: { kinds: [MIX], urlToken, unsigned: ['test-mix'] },
      module: { providers: [MixListener] },
    });
    const request = {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(mixCallback({ mix_id: 'one' })),
    };
    expect(await host.post(`/live-callback/test-mix?token=${urlToken}`, request)).toMatchObject(OK);
    expect((await host.post('/live-callback/test-mix', request)).status).toBe(401);
    await whenListenersDone(host.app);
    expect(host.app.get(MixListener).seen).toEqual(['one GRID a+b']);
  });

  describe('that says neither its time nor its identity', () => {
    it('has no time, and is identified by its whole content', async () => {
      const host = await start(BARE);
      const callback = bareCallback({ note: 'same' });
      await post(host, callback);
      const t = Math.floor(Date.now() / 1000) + 500;
      await host.send(signCallback(callback, { key: KEY, t }));
      await post(host, { ...callback, note: 'other' });
      const { events } = host.app.get(EventRecorder);
      expect(events).toMatchObject([
        { kind: 'test-bare', occurredAt: null, conflicting: false, data: { note: 'same' } },
        { kind: 'test-bare', occurredAt: null, conflicting: false, data: { note: 'other' } },
      ]);
      expect(events[0]?.data).toBeInstanceOf(BareDto);
    });

    it('is identified by what its DTO leaves out too', async () => {
      const host = await start(BARE);
      const t = Math.floor(Date.now() / 1000) + 500;
      for (const noise of ['one', 'two']) {
        await host.send(signCallback(bareCallback({ note: 'same', noise }), { key: KEY, t }));
      }
      await whenListenersDone(host.app);
      const { events } = host.app.get(EventRecorder);
      expect(events.map(({ conflicting }) => conflicting)).toEqual([false, false]);
    });

    it('is accepted when its DTO holds what JSON cannot', async () => {
      class BigDto {
        @Transform(({ value }: { value: string }) => BigInt(value))
        big!: bigint;
      }
      const host = await start({ kind: 'test-big', eventType: 4030, dto: BigDto });
      const callback = { event_type: 4030, big: '18446744073709551615' };
      expect(await post(host, callback)).toMatchObject(OK);
      expect(host.app.get(EventRecorder).events).toMatchObject([
        { kind: 'test-big', data: { big: 18446744073709551615n } },
      ]);
    });
  });

  describe('is quarantined and answered with 200 when', () => {
    class FragileDto {
      @IsOptional()
      @IsString()
      text?: string;
    }
    const fragile = (event: Partial<CustomLiveEvent<FragileDto>>) =>
      defineLiveEvent({ kind: 'test-fragile', eventType: 4040, dto: FragileDto, ...event });
    const fails = () => {
      throw new RangeError('KEEP-THIS-OUT');
    };
    class ThrowingTransformDto {
      @Transform(fails)
      text?: string;
    }
    class ThrowingConstructorDto {
      constructor() {
        fails();
      }
    }
    class ThrowingSetterDto {
      set text(_text: string) {
        fails();
      }
    }

    it.each<[string, CustomLiveEvent, object, string[]]>([
      [
        'a field does not fit',
        MIX,
        mixCallback({ mix_id: 5, event_time: 'noon' }),
        ['event_time must be an integer number', 'mix_id must be a string'],
      ],
      [
        'a nested field does not fit',
        MIX,
        mixCallback({ inputs: [{ stream: 'a', layer: 1 }, { stream: 'b' }] }),
        ['inputs.1.layer must be an integer number'],
      ],
      ['a list is none', MIX, mixCallback({ inputs: 'a' }), ['inputs must be an array']],
    ])('%s', async (_case, event, callback, errors) => {
      const host = await start(event);
      const signed = sign(callback);
      expect(await host.send(signed, `/live-callback/${event.kind}`)).toMatchObject(OK);
      await whenListenersDone(host.app);
      expect(await latest(host)).toMatchObject({
        kind: event.kind,
        eventType: event.eventType,
        state: 'quarantined',
        body: signed.body,
        data: null,
        errors,
        deliveries: [],
      });
      expect(host.app.get(EventRecorder).events).toEqual([]);
    });

    it.each([
      [
        'the transform of the DTO throws',
        defineLiveEvent({ kind: 'test-fragile', eventType: 4040, dto: ThrowingTransformDto }),
        'ThrowingTransformDto threw RangeError',
      ],
      [
        'the constructor of the DTO throws',
        defineLiveEvent({ kind: 'test-fragile', eventType: 4040, dto: ThrowingConstructorDto }),
        'ThrowingConstructorDto threw RangeError',
      ],
      [
        'a setter of the DTO throws',
        defineLiveEvent({ kind: 'test-fragile', eventType: 4040, dto: ThrowingSetterDto }),
        'ThrowingSetterDto threw RangeError',
      ],
      ['occurredAt throws', fragile({ occurredAt: fails }), 'FragileDto threw RangeError'],
      ['identity throws', fragile({ identity: fails }), 'FragileDto threw RangeError'],
      [
        'identity gives what JSON cannot hold',
        fragile({ identity: () => [1n] }),
        'FragileDto threw TypeError',
      ],
    ])(
      'nor when %s: that says nothing about the callback, and CSS is to come again',
      async (_case, event, what) => {
        const logger = new LogLines();
        const host = await scratchHost({
          adapter,
          options: { kinds: [event] },
          application: { logger },
        });
        const signed = sign({ event_type: 4040, text: 'x' });
        expect(await host.send(signed, `/live-callback/${event.kind}`)).toMatchObject({
          status: 503,
        });
        const audit = host.app.get(LiveCallbackAuditService, { strict: false });
        expect((await audit.find()).items).toEqual([]);
        expect(logger.text).not.toContain('KEEP-THIS-OUT');
        expect(logger.of('error').join()).toMatch(new RegExp(`answered with 503: .*${what} at .`));
      },
    );

    it.each([undefined, NaN, Infinity, 9e15])('not when occurredAt gives %s', async (moment) => {
      const host = await start(fragile({ occurredAt: () => moment }));
      await post(host, { event_type: 4040, text: 'x' });
      expect(await latest(host)).toMatchObject({ state: 'accepted', occurredAt: null });
    });
  });

  it('comes from forRootAsync, where the kinds stand beside the factory', async () => {
    const host = await scratchHostWith(
      [
        LiveCallbackModule.forRootAsync({
          useFactory: async () => ({ keys: KEY }),
          kinds: [MIX],
          database: await scratchDatabase(),
        }),
      ],
      { adapter, module: { providers: [MixListener] } },
    );
    expect(
      await post(host, mixCallback({ mix_id: 'one' }), '/live-callback/test-mix'),
    ).toMatchObject(OK);
    expect(host.app.get(MixListener).seen).toEqual(['one GRID a+b']);
  });

  it('is refused at start when the factory of forRootAsync makes it', async () => {
    const late = { keys: KEY, kinds: [MIX] };
    const database = await scratchDatabase();
    const starting = scratchHostWith(
      [LiveCallbackModule.forRootAsync({ useFactory: () => late, database })],
      { adapter },
    );
    expect(await errorOfStart(starting)).toMatchObject({
      name: 'LiveCallbackOptionsError',
      message:
        'kinds shapes modules or routes, which must be known before a factory runs: move it beside useFactory, useClass or useExisting.',
    });
  });
});

describe.each(ADAPTERS)('two registrations with kinds of their own on %s', (adapter) => {
  const startBoth = async (providers: (new () => object)[]) =>
    scratchHostWith(
      [
        TypeOrmModule.forRoot({ ...(await scratchDatabase()), autoLoadEntities: true }),
        LiveCallbackModule.forRoot({ keys: KEY, path: 'live-a', name: 'a', kinds: [MIX] }),
        LiveCallbackModule.forRoot({ keys: KEY, path: 'live-b', name: 'b', kinds: [BARE] }),
      ],
      { adapter: adapter satisfies AdapterName, module: { providers } },
    );

  it('each take their own kind, and know nothing of the other', async () => {
    const host = await startBoth([EventRecorder]);
    expect(await post(host, mixCallback(), '/live-a/test-mix')).toMatchObject(OK);
    expect(await post(host, bareCallback(), '/live-b/test-bare')).toMatchObject(OK);
    expect((await host.send(sign(mixCallback()), '/live-b/test-mix')).status).toBe(404);
    expect((await host.send(sign(bareCallback()), '/live-a/test-bare')).status).toBe(404);
    expect(await post(host, mixCallback(), '/live-b')).toMatchObject(OK);
    expect(host.app.get(EventRecorder).events.map(({ kind }) => kind)).toEqual([
      'test-mix',
      'test-bare',
      'unknown',
    ]);
  });

  it('may have listeners for a kind that only one of them knows', async () => {
    const host = await startBoth([MixListener, BareListener]);
    expect(await post(host, mixCallback({ mix_id: 'one' }), '/live-a')).toMatchObject(OK);
    expect(await post(host, bareCallback({ note: 'two' }), '/live-b')).toMatchObject(OK);
    expect(host.app.get(MixListener).seen).toEqual(['one GRID a+b']);
    expect(host.app.get(BareListener).seen).toEqual(['two']);
  });
});

describe('forRoot throws at once when', () => {
  const NAME =
    'must be lower-case words joined by hyphens, at most 64 characters, such as "stream-mix".';
  const RANGE = 'must be an integer from 0 to 2147483647, not';
  const event = (fields: Record<string, unknown>) => ({ ...MIX, ...fields });

  it.each<[string, unknown, string]>([
    ['kinds are no list', MIX, 'kinds must be a list made with defineLiveEvent.'],
    ['kinds are text', 'test-mix', 'kinds must be a list made with defineLiveEvent.'],
    ['the kind is missing', [event({ kind: undefined })], `kinds[0].kind ${NAME}`],
    ['the kind is null', [event({ kind: null })], `kinds[0].kind ${NAME}`],
    ['the kind is a list', [event({ kind: ['test'] })], `kinds[0].kind ${NAME}`],
    ['a kind of the list is undefined', [undefined], `kinds[0].kind ${NAME}`],
    ['a kind of the list is null', [MIX, null], `kinds[1].kind ${NAME}`],
    ['the kind is empty', [event({ kind: '' })], `kinds[0].kind ${NAME}`],
    ['the kind has a capital', [event({ kind: 'Mix' })], `kinds[0].kind ${NAME}`],
    ['the kind begins with a digit', [event({ kind: '4k' })], `kinds[0].kind ${NAME}`],
    ['the kind has a slash', [event({ kind: 'a/b' })], `kinds[0].kind ${NAME}`],
    ['the kind has a parameter', [event({ kind: ':kind' })], `kinds[0].kind ${NAME}`],
    ['the kind ends with a hyphen', [event({ kind: 'mix-' })], `kinds[0].kind ${NAME}`],
    ['the kind ends with a line break', [event({ kind: 'mix\n' })], `kinds[0].kind ${NAME}`],
    ['the kind is a star', [event({ kind: '*' })], `kinds[0].kind ${NAME}`],
    ['the kind has 65 characters', [event({ kind: 'x'.repeat(65) })], `kinds[0].kind ${NAME}`],
    [
      'the kind is one of CSS',
      [event({ kind: 'stream-push' })],
      'kinds[0].kind "stream-push" is taken.',
    ],
    ['the kind is reserved', [event({ kind: 'unknown' })], 'kinds[0].kind "unknown" is taken.'],
    [
      'the kind is the route of the audit API',
      [event({ kind: 'audit' })],
      'kinds[0].kind "audit" is taken.',
    ],
    [
      'two kinds have one name',
      [MIX, event({ eventType: 4099 })],
      'kinds[1].kind "test-mix" is taken.',
    ],
    [
      'the event_type is one of CSS',
      [event({ eventType: 0 })],
      'kinds[0].eventType 0 belongs to the kind "stream-interrupt".',
    ],
    [
      'two kinds have one event_type',
      [MIX, event({ kind: 'test-other' })],
      'kinds[1].eventType 4021 belongs to the kind "test-mix".',
    ],
    [
      'the event_type is missing',
      [event({ eventType: undefined })],
      `kinds[0].eventType ${RANGE} undefined.`,
    ],
    [
      'the event_type is text',
      [event({ eventType: '402' })],
      `kinds[0].eventType ${RANGE} a string.`,
    ],
    ['the event_type is negative', [event({ eventType: -1 })], `kinds[0].eventType ${RANGE} -1.`],
    [
      'the event_type is a fraction',
      [event({ eventType: 1.5 })],
      `kinds[0].eventType ${RANGE} 1.5.`,
    ],
    [
      'the event_type has more than 31 bit',
      [event({ eventType: 2 ** 31 })],
      `kinds[0].eventType ${RANGE} 2147483648.`,
    ],
    [
      'the DTO is missing',
      [event({ dto: undefined })],
      'kinds[0].dto must be a class with class-validator decorators.',
    ],
    [
      'the DTO is an object',
      [event({ dto: {} })],
      'kinds[0].dto must be a class with class-validator decorators.',
    ],
  ])('%s', (_case, kinds, message) => {
    const options = { keys: KEY, kinds } as LiveCallbackModuleOptions;
    let thrown: unknown;
    try {
      LiveCallbackModule.forRoot(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'LiveCallbackOptionsError', message });
    expect(() =>
      LiveCallbackModule.forRootAsync({ ...options, useFactory: () => options }),
    ).toThrow(message);
  });

  it('not for a name of 64 characters and the last event_type of 31 bit', async () => {
    const kind = `${'x'.repeat(62)}-9`;
    const host = await scratchHost({
      options: { kinds: [{ kind, eventType: 2 ** 31 - 1, dto: BareDto }] },
    });
    const callback = bareCallback({ event_type: 2 ** 31 - 1 });
    expect(await post(host, callback, `/live-callback/${kind}`)).toMatchObject(OK);
    expect(await latest(host)).toMatchObject({ kind, state: 'accepted', eventType: 2 ** 31 - 1 });
  });
});

describe('a start is refused when a listener', () => {
  it('names a kind that no registration has', async () => {
    const starting = scratchHost({
      options: { kinds: [BARE] },
      module: { providers: [MixListener] },
    });
    const { name, message } = await errorOfStart(starting);
    expect(name).toBe('ListenerError');
    expect(message).toContain(
      '@OnLiveEvent on MixListener.onMix names the unknown kind "test-mix". Known kinds: \'*\', stream-push, ',
    );
  });
});

describe('the types of a kind of the host', () => {
  it('come by declaration merging', () => {
    expectTypeOf<LiveEventMap['test-mix']>().toEqualTypeOf<MixDto>();
    expectTypeOf<LiveEvent<'test-mix'>['data']>().toEqualTypeOf<MixDto>();
    expectTypeOf<LiveEventKind>().extract<'test-bare'>().toEqualTypeOf<'test-bare'>();
    const read = (event: LiveEvent): string | undefined =>
      event.kind === 'test-mix' ? event.data.mix_id : undefined;
    expect(read).toBeTypeOf('function');
  });

  it('let no listener with another DTO compile', () => {
    class DoesNotFit {
      // @ts-expect-error -- a mixed stream is not bare
      @OnLiveEvent('test-mix')
      otherKind(_event: LiveEvent<'test-bare'>) {}

      // @ts-expect-error -- the field is not one of its DTO
      @OnLiveEvent('test-bare')
      otherField(_event: { data: { mix_id: string } }) {}

      // @ts-expect-error -- nobody has declared this kind
      @OnLiveEvent('test-mixx')
      misspelt(_event: LiveEvent) {}
    }
    expect(DoesNotFit).toBeTypeOf('function');
  });

  it('let no definition compile that does not fit its DTO', () => {
    const lines = () => [
      defineLiveEvent({
        kind: 'test-mix',
        eventType: 4021,
        dto: MixDto,
        // @ts-expect-error -- a bare field
        identity: (data) => [data.note],
      }),
      defineLiveEvent({
        kind: 'test-mix',
        eventType: 4021,
        dto: MixDto,
        // @ts-expect-error -- milliseconds, not a date
        occurredAt: (data) => new Date(data.event_time),
      }),
      // @ts-expect-error -- the number is a number
      defineLiveEvent({ kind: 'test-mix', eventType: '4021', dto: MixDto }),
      // @ts-expect-error -- a class, not an instance
      defineLiveEvent({ kind: 'test-mix', eventType: 4021, dto: new BareDto() }),
      // @ts-expect-error -- no DTO
      defineLiveEvent({ kind: 'test-mix', eventType: 4021 }),
      // @ts-expect-error -- nobody has declared this kind
      LiveCallbackModule.forRoot({ keys: KEY, unsigned: ['test-mixx'] }),
    ];
    expect(lines).toBeTypeOf('function');
  });
});
