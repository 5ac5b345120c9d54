/**
 * `LiveEventBrokerModule.register` and `registerAsync`: several forwarders side by side, what is
 * refused at the start and with which words, and clients of transports that are not known.
 */
import { Module } from '@nestjs/common';
import { ClientProxy, ClientsModule, Transport } from '@nestjs/microservices';
import { describe, expect, it } from 'vitest';

import {
  LiveEventBrokerError,
  LiveEventBrokerModule,
  toCloudEvent,
  type LiveEventBrokerOptions,
} from '../../src/broker/index.js';
import { loadOptional } from '../../src/broker/optional-packages.js';
import { LiveCallbackAuditService } from '../../src/index.js';
import {
  liveEventOf,
  recordFileCallback,
  signCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, startHost } from '../support/application.js';
import { BARE, bareCallback } from '../support/custom-kinds.js';
import { errorOfStart, scratchDatabase, scratchHost } from '../support/scratch.js';

/** A transport of the host's own. */
class OwnClient extends ClientProxy {
  readonly packets: { pattern: string; data: Record<string, unknown> }[] = [];

  connect = async () => {};
  close = async () => {};
  unwrap(): never {
    return this as never;
  }
  protected publish = () => () => {};
  protected async dispatchEvent<T>(packet: unknown): Promise<T> {
    this.packets.push(packet as OwnClient['packets'][number]);
    return undefined as T;
  }
}

const provide = (name: string, client: ClientProxy) => ({ provide: name, useValue: client });

const startWithOptions = async (options: object) =>
  errorOfStart(
    startHost({
      database: await scratchDatabase(),
      module: {
        imports: [LiveEventBrokerModule.register(options as LiveEventBrokerOptions)],
        providers: [provide('EVENTS', new OwnClient())],
      },
    }),
  );

describe('several forwarders', () => {
  it('stand side by side, each with its kinds, topics and delivery rows', async () => {
    const [all, files] = [new OwnClient(), new OwnClient()];
    const host = await scratchHost({
      module: {
        imports: [
          LiveEventBrokerModule.register({ client: 'ALL' }),
          LiveEventBrokerModule.register({
            client: 'FILES',
            kinds: ['record-file'],
            topic: ({ stream }) => `files.${stream.name}`,
            id: 'archive',
          }),
        ],
        providers: [provide('ALL', all), provide('FILES', files)],
      },
    });
    for (const callback of [streamPushCallback(), recordFileCallback({ stream_id: 'room' })]) {
      await host.send(signCallback(callback, { key: KEY }));
    }
    await whenListenersDone(host.app);
    expect(all.packets.map(({ pattern }) => pattern).toSorted()).toEqual([
      'live-callback.record-file',
      'live-callback.stream-push',
    ]);
    expect(files.packets.map(({ pattern }) => pattern)).toEqual(['files.room']);
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    const { items } = await audit.find({ kind: 'record-file' });
    const { deliveries } = (await audit.get(items[0]!.id))!;
    expect(deliveries.map(({ listener, state }) => `${listener} ${state}`).toSorted()).toEqual([
      'archive done',
      'broker.ALL done',
    ]);
  });

  it('send what tells of sessions when it is named, and not with all that CSS sends', async () => {
    const [all, sessions] = [new OwnClient(), new OwnClient()];
    const host = await scratchHost({
      options: { sessions: {} },
      module: {
        imports: [
          LiveEventBrokerModule.register({ client: 'ALL' }),
          LiveEventBrokerModule.register({
            client: 'SESSIONS',
            kinds: ['session-started', 'session-ended'],
          }),
        ],
        providers: [provide('ALL', all), provide('SESSIONS', sessions)],
      },
    });
    await host.send(signCallback(streamPushCallback({ stream_id: 'room' }), { key: KEY }));
    await whenListenersDone(host.app);
    expect(all.packets.map(({ pattern }) => pattern)).toEqual(['live-callback.stream-push']);
    expect(sessions.packets).toMatchObject([
      {
        pattern: 'live-callback.session-started',
        data: {
          type: 'com.tencent.css.session-started',
          subject: 'push.example.com/live/room',
          data: { kind: 'session-started', data: { session: { state: 'live' }, merged: [] } },
        },
      },
    ]);
  });

  it('and are refused when they name sessions that there are none of', async () => {
    const error = await startWithOptions({ client: 'EVENTS', kinds: ['session-ended'] });
    expect(error.message).toContain('sessions: {}');
  });

  it('may not have the same id', async () => {
    const module = {
      imports: [
        LiveEventBrokerModule.register({ client: 'EVENTS', kinds: ['stream-push'] }),
        LiveEventBrokerModule.register({ client: 'EVENTS', kinds: ['record-file'] }),
      ],
      providers: [provide('EVENTS', new OwnClient())],
    };
    const error = await errorOfStart(startHost({ database: await scratchDatabase(), module }));
    expect(error.message).toContain('Two listeners have the id "broker.EVENTS"');
  });
});

describe('registerAsync', () => {
  it('takes the options from a factory', async () => {
    @Module({
      providers: [{ provide: 'SETTINGS', useValue: { source: 'urn:x' } }],
      exports: ['SETTINGS'],
    })
    class SettingsModule {}

    const client = new OwnClient();
    const host = await scratchHost({
      module: {
        imports: [
          LiveEventBrokerModule.registerAsync({
            imports: [SettingsModule],
            inject: ['SETTINGS'],
            useFactory: async ({ source }: { source: string }) => ({ client: 'EVENTS', source }),
          }),
        ],
        providers: [provide('EVENTS', client)],
      },
    });
    await host.send(signCallback(streamPushCallback(), { key: KEY }));
    await whenListenersDone(host.app);
    expect(client.packets).toMatchObject([{ data: { source: 'urn:x' } }]);
  });
});

describe('a start is refused', () => {
  it('when the client would wrap events', async () => {
    const module = {
      imports: [
        ClientsModule.register([
          { name: 'EVENTS', transport: Transport.NATS, options: { servers: ['127.0.0.1:1'] } },
        ]),
        LiveEventBrokerModule.register({ client: 'EVENTS' }),
      ],
    };
    const error = await errorOfStart(startHost({ database: await scratchDatabase(), module }));
    expect(error).toBeInstanceOf(LiveEventBrokerError);
    expect(error.message).toBe(
      'The client EVENTS would wrap events as { pattern, data }. Add to its options: serializer: new CloudEventSerializer(), from nestjs-live-callback/broker.',
    );
  });

  it('when there is no such client', async () => {
    const error = await startWithOptions({ client: 'OTHER' });
    expect(error.message).toMatch(
      /^There is no client OTHER. Import it: ClientsModule.register\(\[\{ name: 'OTHER', transport/,
    );
  });

  it.each([
    [{ client: '' }, 'client must be the name of a client that ClientsModule registers'],
    [{ client: 'EVENTS', topics: 'x' }, 'topics is no option. Options: client, kinds, topic'],
    [{ client: 'EVENTS', kinds: [] }, 'kinds must be a list of kinds'],
    [{ client: 'EVENTS', topic: 'x' }, 'topic must be a function'],
    [{ client: 'EVENTS', source: 'no uri' }, 'source must be a URI reference'],
    [{ client: 'EVENTS', timeoutMs: 0 }, 'timeoutMs must be an integer from 1 to 600000'],
    [{ client: 'EVENTS', jetStream: 'yes' }, 'jetStream must be true or false'],
    [{ client: 'EVENTS', kinds: ['stream-pull'] }, 'names the unknown kind "stream-pull"'],
    [{ client: 'EVENTS', attempts: 0 }, 'attempts must be an integer from 1 to 100, or Infinity'],
  ])('for the options %o', async (options, message) => {
    expect((await startWithOptions(options)).message).toContain(message);
  });

  it('when a package is missing, with the command that installs it', () => {
    expect(() => loadOptional('@nestjs/not-there')).toThrow(
      'nestjs-live-callback/broker needs the package @nestjs/not-there, which is not installed: npm install @nestjs/not-there',
    );
  });

  it('but not when another serves as well', () => {
    expect(loadOptional('@nestjs/not-there', 'cloudevents')).toHaveProperty('CloudEvent');
    expect(() => loadOptional('@nestjs/not-there', '@nestjs/nor-there')).toThrow(
      'nestjs-live-callback/broker needs the package @nestjs/not-there, which is not installed: npm install @nestjs/not-there',
    );
  });
});

describe('an application that stops', () => {
  it('does not open a client again that Nest has closed', async () => {
    class ClosedClient extends OwnClient {
      isClosed = false;
      readonly calls: string[] = [];

      override connect = async () => {
        this.calls.push(this.isClosed ? 'after it was closed' : 'before');
        throw new Error('not reachable');
      };
      override unwrap(): never {
        throw new Error('Not initialized.');
      }
      onApplicationShutdown(): void {
        this.isClosed = true;
      }
    }
    const client = new ClosedClient();
    const host = await scratchHost({
      module: {
        imports: [LiveEventBrokerModule.register({ client: 'EVENTS', timeoutMs: 1_500 })],
        providers: [provide('EVENTS', client)],
      },
    });
    expect((await host.send(signCallback(streamPushCallback(), { key: KEY }))).status).toBe(200);
    await host.close();
    expect(client.isClosed).toBe(true);
    expect(new Set(client.calls)).toEqual(new Set(['before']));
  });
});

describe('a CloudEvent', () => {
  it('of an unknown kind holds what was sent without its pair', async () => {
    const client = new OwnClient();
    const host = await scratchHost({
      options: { kinds: [BARE] },
      module: {
        imports: [LiveEventBrokerModule.register({ client: 'EVENTS' })],
        providers: [provide('EVENTS', client)],
      },
    });
    for (const callback of [{ event_type: 9_999, mystery: 1 }, bareCallback({ note: 'own' })]) {
      await host.send(signCallback(callback, { key: KEY }));
    }
    await whenListenersDone(host.app);
    const byType = Object.fromEntries(client.packets.map(({ data }) => [data['type'], data]));
    const inner = (type: string) =>
      (byType[type] as { data: { data: Record<string, unknown> } }).data.data;
    expect(inner('com.tencent.css.unknown')).toEqual({ event_type: 9_999, mystery: 1 });
    expect(inner('com.tencent.css.test-bare')).toMatchObject({ note: 'own' });
    expect(JSON.stringify(client.packets)).not.toMatch(/"(sign|t)":/);
    expect(JSON.stringify(byType['com.tencent.css.unknown'])).not.toContain('subject');
  });

  it('tells streams apart whatever their names hold, and is the same at each attempt', () => {
    const event = (fields: Record<string, unknown>, attempt = 1) =>
      ({
        ...liveEventOf('stream-push', streamPushCallback(fields)),
        id: 'fixed',
        receivedAt: new Date(0),
        attempt,
      }) as ReturnType<typeof liveEventOf<'stream-push'>>;
    const subject = (fields: Record<string, unknown>) => toCloudEvent(event(fields), '/x').subject;
    expect(subject({ appname: 'a/b', stream_id: 'c' })).not.toBe(
      subject({ appname: 'a', stream_id: 'b/c' }),
    );
    expect(subject({ stream_id: '直播' })).toMatch(/%E7%9B%B4%E6%92%AD$/);
    expect(subject({ stream_id: 'lone\ud800' })).toMatch(/lone%EF%BF%BD$/);
    const fixed = { event_time: 1_764_000_000, sequence: '1' };
    expect(toCloudEvent(event(fixed, 2), '/x').toString()).toBe(
      toCloudEvent(event(fixed, 1), '/x').toString(),
    );
  });

  it('holds no credentials of a push, unless the host wants them', () => {
    const secret = 'txSecret=0123456789abcdef';
    const payload = streamPushCallback({ stream_param: secret });
    const event = {
      ...liveEventOf('stream-push', payload),
      id: 'fixed',
      receivedAt: new Date(0),
      attempt: 1,
    } as ReturnType<typeof liveEventOf<'stream-push'>>;
    expect(JSON.stringify(toCloudEvent(event, '/x'))).not.toContain('txSecret');
    expect(toCloudEvent(event, '/x').data).toMatchObject({ data: { stream_id: 'test_stream' } });
    expect(JSON.stringify(toCloudEvent(event, '/x', true))).toContain(secret);
    const unknown = { ...event, kind: 'unknown', data: { ...payload, stream_param: secret } };
    expect(JSON.stringify(toCloudEvent(unknown as never, '/x'))).not.toContain('txSecret');
  });
});
