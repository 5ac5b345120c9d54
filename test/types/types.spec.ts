/**
 * Types: what a host writes wrongly does not compile. The lines are checked by `npm run typecheck`:
 * a `@ts-expect-error` over a line that compiles is an error itself.
 */
import { describe, expect, expectTypeOf, it } from 'vitest';

import {
  LiveCallbackModule,
  OnLiveEvent,
  type CallbackFilter,
  type ImageAuditDto,
  type JsonObject,
  type LiveCallbackAuditService,
  type LiveEvent,
  type LiveEventBus,
  type LiveEventKind,
  type LiveEventMap,
  type RecordFileDto,
  type ScreenshotDto,
  type StreamInterruptDto,
  type StreamPushDto,
} from '../../src/index.js';

type Lines = (bus: LiveEventBus, audit: LiveCallbackAuditService) => unknown;

/** Lines for the compiler; nobody calls them. */
const compiled = (lines: Lines) => lines;

describe('the payload', () => {
  it('follows the kind', () => {
    expectTypeOf<LiveEvent<'stream-push'>['data']>().toEqualTypeOf<StreamPushDto>();
    expectTypeOf<LiveEvent<'stream-interrupt'>['data']>().toEqualTypeOf<StreamInterruptDto>();
    expectTypeOf<LiveEvent<'record-file'>['data']>().toEqualTypeOf<RecordFileDto>();
    expectTypeOf<LiveEvent<'screenshot'>['data']>().toEqualTypeOf<ScreenshotDto>();
    expectTypeOf<LiveEvent<'image-audit'>['data']>().toEqualTypeOf<ImageAuditDto>();
    expectTypeOf<LiveEvent<'unknown'>['data']>().toEqualTypeOf<JsonObject>();
  });

  it('is one of all kinds where no kind is named', () => {
    expectTypeOf<LiveEvent['kind']>().toEqualTypeOf<LiveEventKind>();
    expectTypeOf<LiveEvent['data']>().toEqualTypeOf<LiveEventMap[LiveEventKind]>();
  });

  it('is told apart by the kind', () => {
    const read = (event: LiveEvent<'stream-push' | 'screenshot'>): string | undefined => {
      if (event.kind === 'screenshot') {
        expectTypeOf(event.data).toEqualTypeOf<ScreenshotDto>();
        return event.data.pic_url;
      }
      expectTypeOf(event.data).toEqualTypeOf<StreamPushDto>();
      // @ts-expect-error -- a push has no picture
      return event.data.pic_url;
    };
    expect(read).toBeTypeOf('function');
  });

  it('has ids as text and cannot be changed', () => {
    expectTypeOf<StreamPushDto['stream_id']>().toEqualTypeOf<string>();
    expectTypeOf<StreamPushDto['sequence']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<LiveEvent['id']>().toEqualTypeOf<string>();
    const lines = compiled(() => (event: LiveEvent) => {
      // @ts-expect-error -- events are read-only
      event.id = '';
    });
    expect(lines).toBeTypeOf('function');
  });
});

describe('a listener', () => {
  it('takes the event of its kind, of its kinds, or of all', () => {
    class Fits {
      @OnLiveEvent('stream-push')
      one(_event: LiveEvent<'stream-push'>) {}

      @OnLiveEvent(['stream-push', 'stream-interrupt'])
      several(_event: LiveEvent<'stream-push' | 'stream-interrupt'>) {}

      @OnLiveEvent('*')
      all(_event: LiveEvent) {}

      @OnLiveEvent('stream-push')
      wider(_event: LiveEvent) {}

      @OnLiveEvent('stream-push')
      async nothing() {}

      @OnLiveEvent('stream-push', { id: 'named' })
      part({ data }: { data: { stream_id: string } }) {
        return data;
      }
    }
    expect(Fits).toBeTypeOf('function');
  });

  it('with the wrong payload does not compile', () => {
    class DoesNotFit {
      // @ts-expect-error -- a push is no screenshot
      @OnLiveEvent('stream-push')
      otherKind(_event: LiveEvent<'screenshot'>) {}

      // @ts-expect-error -- one of the kinds is missing
      @OnLiveEvent(['stream-push', 'screenshot'])
      fewerKinds(_event: LiveEvent<'stream-push'>) {}

      // @ts-expect-error -- every kind comes, not pushes alone
      @OnLiveEvent('*')
      oneOfAll(_event: LiveEvent<'stream-push'>) {}

      // @ts-expect-error -- the event, not its payload
      @OnLiveEvent('stream-push')
      payload(_data: StreamPushDto) {}

      // @ts-expect-error -- there is no second argument
      @OnLiveEvent('stream-push')
      second(_event: LiveEvent<'stream-push'>, _more: string) {}
    }
    expect(DoesNotFit).toBeTypeOf('function');
  });

  it('of an unknown kind, or with an unknown option, does not compile', () => {
    const lines = compiled(() => [
      // @ts-expect-error -- misspelt
      OnLiveEvent('stream-psuh'),
      // @ts-expect-error -- misspelt
      OnLiveEvent(['stream-push', 'stream-psuh']),
      // @ts-expect-error -- nothing named
      OnLiveEvent(),
      // @ts-expect-error -- no such option
      OnLiveEvent('stream-push', { name: 'x' }),
      // @ts-expect-error -- an id is text
      OnLiveEvent('stream-push', { id: 5 }),
    ]);
    expect(lines).toBeTypeOf('function');
  });

  it('can only be a method', () => {
    const lines = compiled(() => {
      class NotMethods {
        // @ts-expect-error -- a property is no method
        @OnLiveEvent('stream-push')
        handler = (_event: LiveEvent<'stream-push'>) => {};
      }
      return NotMethods;
    });
    expect(lines).toBeTypeOf('function');
  });
});

describe('the bus', () => {
  it('types handlers and Observables by the pattern', () => {
    const lines = compiled((bus) => [
      bus.on('stream-push', (event) =>
        expectTypeOf(event).toEqualTypeOf<LiveEvent<'stream-push'>>(),
      ),
      bus.on('*', (event) => expectTypeOf(event).toEqualTypeOf<LiveEvent>()),
      bus.observe().subscribe((event) => expectTypeOf(event).toEqualTypeOf<LiveEvent>()),
      bus
        .observe('screenshot')
        .subscribe((event) => expectTypeOf(event.data).toEqualTypeOf<ScreenshotDto>()),
      // @ts-expect-error -- misspelt
      bus.on('stream-psuh', () => {}),
      // @ts-expect-error -- a push is no screenshot
      bus.on('stream-push', (_event: LiveEvent<'screenshot'>) => {}),
      // @ts-expect-error -- no event
      bus.publish({ kind: 'stream-push' }),
    ]);
    expect(lines).toBeTypeOf('function');
  });
});

describe('the registration', () => {
  it('takes known options of the right types alone', () => {
    const key = 'KeyForDocs2026abcd';
    const lines = compiled(() => [
      LiveCallbackModule.forRoot({ keys: key }),
      LiveCallbackModule.forRoot({ keys: [key, { key, domain: 'push.example.com' }] as const }),
      LiveCallbackModule.forRoot({ keys: async ({ domain }) => [domain ?? key] }),
      LiveCallbackModule.forRootAsync({ useFactory: async () => ({ keys: key }), path: 'hooks' }),
      // @ts-expect-error -- no key
      LiveCallbackModule.forRoot({}),
      // @ts-expect-error -- a key is text
      LiveCallbackModule.forRoot({ keys: 5 }),
      // @ts-expect-error -- misspelt
      LiveCallbackModule.forRoot({ keys: key, pathh: 'x' }),
      // @ts-expect-error -- the factory gives no key
      LiveCallbackModule.forRootAsync({ useFactory: () => ({}) }),
    ]);
    expect(lines).toBeTypeOf('function');
  });
});

describe('the audit service', () => {
  it('takes known filters and gives times as dates, ids as text', () => {
    expectTypeOf<CallbackFilter['from']>().toEqualTypeOf<Date | undefined>();
    const lines = compiled(async (_bus, audit) => {
      const { items, nextCursor } = await audit.find({ kind: 'stream-push', state: 'accepted' });
      expectTypeOf(nextCursor).toEqualTypeOf<string | null>();
      expectTypeOf(items[0]!.sequence).toEqualTypeOf<string | null>();
      expectTypeOf(items[0]!.receivedAt).toEqualTypeOf<Date>();
      // @ts-expect-error -- no such state
      await audit.find({ state: 'fine' });
      // @ts-expect-error -- no such filter
      await audit.find({ streamName: 'x' });
      // @ts-expect-error -- no such bucket
      await audit.stats({ bucket: 'week' });
    });
    expect(lines).toBeTypeOf('function');
  });
});
