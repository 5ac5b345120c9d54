/**
 * Stored events reach a broker as CloudEvents 1.0: read by a plain client of each broker, in the
 * order of their stream, with ids that stay, and after a broker was away.
 */
import { ClientsModule, type ClientProvider } from '@nestjs/microservices';
import { CloudEvent } from 'cloudevents';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { LiveEventBrokerModule, type LiveEventBrokerOptions } from '../../src/broker/index.js';
import { LiveCallbackAuditService } from '../../src/index.js';
import {
  recordFileCallback,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { BROKERS, type BrokerPlace } from '../support/brokers.js';
import { LogLines } from '../support/log-lines.js';
import { scratchHost } from '../support/scratch.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

const SOURCE = 'https://live.example.com/live-callback';
/** A broker that is away is asked again soon. */
const QUICK = { timeoutMs: 400, backoffMs: 50, maxBackoffMs: 200 };

interface Forwarded extends Record<string, unknown> {
  id: string;
  data: { replay: unknown; data: { stream_id: string } };
}

describe.each(BROKERS)('on $name', (broker) => {
  describe.skipIf(broker.isAbsent)('an event', () => {
    let place: BrokerPlace;

    beforeEach(async (context) => {
      place = await broker.open();
      // Last of all: a host that still runs would declare its exchange again.
      context.onTestFinished(() => place.close());
    });

    async function start(
      client: ClientProvider = place.client(),
      options: Partial<LiveEventBrokerOptions> = {},
      logger = new LogLines(),
    ): Promise<Host> {
      return scratchHost({
        module: {
          imports: [
            ClientsModule.register([{ name: 'EVENTS', ...client }]),
            LiveEventBrokerModule.register({
              client: 'EVENTS',
              source: SOURCE,
              topic: ({ kind }) => place.prefix + kind,
              ...QUICK,
              ...options,
            }),
          ],
        },
        application: { logger },
      });
    }

    async function send(host: Host, callback: object): Promise<void> {
      expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
    }

    /** What has arrived, read as the specification says and nothing else. */
    const events = () => place.received.map(({ body }) => JSON.parse(body) as Forwarded);

    /** Brokers promise at least once: consumers drop the ids that they know. */
    const distinct = () => [...new Map(events().map((event) => [event.id, event])).values()];

    const stateOf = async (host: Host) => {
      const audit = host.app.get(LiveCallbackAuditService, { strict: false });
      const { items } = await audit.find({ limit: 1 });
      return (await audit.get(items[0]!.id))!.deliveries[0]!;
    };

    it('is a CloudEvent 1.0 for a plain client', async () => {
      const host = await start();
      await send(host, recordFileCallback({ stream_id: 'room 1/a', app: 'push.example.com' }));
      await expect.poll(() => place.received.length).toBe(1);
      const audit = host.app.get(LiveCallbackAuditService, { strict: false });
      const [row] = (await audit.find({})).items;
      const [{ topic, body, contentType } = { topic: '', body: '{}', contentType: '' }] =
        place.received;
      expect(topic).toBe(`${place.prefix}record-file`);
      expect(contentType).toBe('application/cloudevents+json; charset=utf-8');
      const event = JSON.parse(body) as Forwarded;
      // The SDK holds the JSON schema of the specification; it throws where the event does not fit.
      expect(new CloudEvent(event).validate()).toBe(true);
      expect(Object.keys(event).filter((name) => !/^[a-z0-9]+$/.test(name))).toEqual([]);
      expect(event).toMatchObject({
        specversion: '1.0',
        id: row!.id,
        source: SOURCE,
        type: 'com.tencent.css.record-file',
        subject: 'push.example.com/live/room%201%2Fa',
        partitionkey: 'push.example.com/live/room%201%2Fa',
        time: row!.occurredAt!.toISOString(),
        datacontenttype: 'application/json',
        data: {
          id: row!.id,
          kind: 'record-file',
          stream: { domain: 'push.example.com', path: 'live', name: 'room 1/a' },
          receivedAt: row!.receivedAt.toISOString(),
          conflicting: false,
          replay: null,
          data: { event_type: 100, stream_id: 'room 1/a', file_format: 'hls' },
        },
      });
      expect(body).not.toMatch(/"(sign|t|raw|attempt)"/);
    });

    it('comes in the order of its stream', async () => {
      const host = await start();
      for (let i = 0; i < 10; i++) {
        const fields = { stream_id: `room-${i % 2}`, sequence: String(i) };
        await send(host, i % 4 < 2 ? streamPushCallback(fields) : streamInterruptCallback(fields));
      }
      // One that a broker confirms late comes again under its id.
      const once = () => [...new Map(events().map((event) => [event.id, event])).values()];
      await expect.poll(() => once().length).toBe(10);
      const sequences = (stream: string) =>
        once()
          .filter(({ data }) => data.data.stream_id === stream)
          .map(({ data }) => (data.data as unknown as { sequence: string }).sequence);
      expect(sequences('room-0')).toEqual(['0', '2', '4', '6', '8']);
      expect(sequences('room-1')).toEqual(['1', '3', '5', '7', '9']);
    });

    it('has the same id when CSS repeats it and when it is replayed', async () => {
      const host = await start();
      const callback = streamPushCallback();
      await send(host, callback);
      await send(host, callback);
      await whenListenersDone(host.app);
      await expect.poll(() => place.received.length).toBe(1);
      const audit = host.app.get(LiveCallbackAuditService, { strict: false });
      const [row] = (await audit.find({})).items;
      await audit.replay(row!.id, { reason: 'lost by a consumer', actor: 'ops' });
      await expect.poll(async () => (await stateOf(host)).attempts).toBe(2);
      await expect.poll(async () => (await stateOf(host)).state).toBe('done');
      // A stream of JetStream drops what it has already; the others deliver it again.
      const again = broker.name === 'NATS JetStream' ? 1 : 2;
      await expect.poll(() => place.received.length).toBe(again);
      expect(distinct()).toHaveLength(1);
    });

    it('waits while the broker is away, and comes when it is back', async () => {
      const proxy = await startTcpProxy('127.0.0.1', broker.port);
      onTestFinished(() => proxy.close());
      const logger = new LogLines();
      const host = await start(place.client(proxy.port), {}, logger);
      await send(host, streamPushCallback({ sequence: '1' }));
      await expect.poll(() => place.received.length).toBe(1);
      await proxy.cut();
      for (const sequence of ['2', '3', '4']) await send(host, streamPushCallback({ sequence }));
      await expect.poll(async () => logger.text).toContain(' is away: ');
      expect(await stateOf(host)).toMatchObject({ state: 'pending' });
      expect(place.received).toHaveLength(1);
      await proxy.restore();
      await expect.poll(() => distinct().length, { timeout: 20_000 }).toBe(4);
      expect(distinct().map(({ data }) => data.data)).toMatchObject([
        { sequence: '1' },
        { sequence: '2' },
        { sequence: '3' },
        { sequence: '4' },
      ]);
      await expect.poll(() => logger.text).toContain(' of client EVENTS is back');
      expect(logger.of('error').filter((line) => line.includes(' is away: '))).not.toEqual([]);
    });

    it('comes again when the broker did not confirm it', async () => {
      const proxy = await startTcpProxy('127.0.0.1', broker.port);
      onTestFinished(() => proxy.close());
      const host = await start(place.client(proxy.port));
      await send(host, streamPushCallback({ sequence: '1' }));
      await expect.poll(() => place.received.length).toBe(1);
      proxy.hang();
      await send(host, streamPushCallback({ sequence: '2' }));
      await expect
        .poll(async () => (await stateOf(host)).lastError)
        .toMatch(/did not confirm the event within 400 ms|is away/);
      await proxy.restore();
      await expect.poll(() => distinct().length, { timeout: 20_000 }).toBe(2);
      await expect.poll(async () => (await stateOf(host)).state, { timeout: 20_000 }).toBe('done');
    });

    it('is kept when the broker cannot be reached at the start, which is logged', async () => {
      const proxy = await startTcpProxy('127.0.0.1', broker.port);
      onTestFinished(() => proxy.close());
      await proxy.cut();
      const logger = new LogLines();
      const host = await start(place.client(proxy.port), {}, logger);
      await expect
        .poll(() => logger.text)
        .toMatch(/is away: .*Check host and port of the client.*Events wait in the database/);
      await send(host, streamPushCallback());
      expect(await stateOf(host)).toMatchObject({ state: 'pending' });
      await proxy.restore();
      await expect.poll(() => place.received.length, { timeout: 20_000 }).toBe(1);
    });
  });
});
