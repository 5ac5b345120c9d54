/**
 * What a forwarder says and keeps when a broker refuses it: wrong passwords, names that others use,
 * streams that are not there, events that are too large. The host starts and stores all the same.
 */
import { randomUUID } from 'node:crypto';

import { connect as connectNats } from '@nats-io/transport-node';
import { ClientsModule, Transport, type ClientProvider } from '@nestjs/microservices';
import { connect as connectAmqp } from 'amqplib';
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  CloudEventSerializer,
  LiveEventBrokerModule,
  type LiveEventBrokerOptions,
} from '../../src/broker/index.js';
import { LiveCallbackAuditService } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { amqpUrl, isBrokerAbsent, NATS_PORT } from '../support/brokers.js';
import { LogLines } from '../support/log-lines.js';
import {
  PRIVATE_PASSWORD,
  PRIVATE_USER,
  startPrivateMosquitto,
  startPrivateNats,
} from '../support/private-server.js';
import { scratchHost } from '../support/scratch.js';

const QUICK = { timeoutMs: 400, backoffMs: 50, maxBackoffMs: 200 };
const serializer = new CloudEventSerializer();
const newName = () => `live-callback-test-${randomUUID().slice(0, 8)}`;

/** A host that forwards, with one callback stored. */
async function forward(
  client: ClientProvider,
  options: Partial<LiveEventBrokerOptions> = {},
  callback = streamPushCallback(),
) {
  const logger = new LogLines();
  const host = await scratchHost({
    module: {
      imports: [
        ClientsModule.register([{ name: 'EVENTS', ...client }]),
        LiveEventBrokerModule.register({ client: 'EVENTS', ...QUICK, ...options }),
      ],
    },
    application: { logger },
  });
  const { status } = await host.send(signCallback(callback, { key: KEY }));
  expect(status).toBe(200);
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  const delivery = async () => {
    const { items } = await audit.find({});
    return (await audit.get(items[0]!.id))!.deliveries[0]!;
  };
  return { logger, delivery };
}

const wrongPassword = /EVENTS is away: .*The broker refused the credentials: check user and pass/;

describe.skipIf(isBrokerAbsent('RabbitMQ'))('RabbitMQ', () => {
  it('that refuses the password is logged without it, and the event waits', async () => {
    const urls = [amqpUrl(undefined, 'not-the-password')];
    const { logger, delivery } = await forward({
      transport: Transport.RMQ,
      options: { urls, wildcards: true, exchange: newName(), serializer },
    });
    await expect.poll(() => logger.text).toMatch(wrongPassword);
    await expect
      .poll(async () => (await delivery()).lastError)
      .toContain('refused the credentials');
    expect((await delivery()).state).toBe('pending');
    expect(logger.text).not.toContain('not-the-password');
  });

  it('where somebody else uses the queue is logged, and has the event when the queue is free', async () => {
    const queue = newName();
    const connection = await connectAmqp(amqpUrl());
    onTestFinished(() => connection.close());
    const channel = await connection.createChannel();
    await channel.assertQueue(queue, { durable: false });
    const client: ClientProvider = {
      transport: Transport.RMQ,
      options: {
        urls: [amqpUrl()],
        queue,
        queueOptions: { durable: true },
        socketOptions: { reconnectTimeInSeconds: 1 },
        serializer,
      },
    };
    // The attempt that opens the connection is told why it fails, and must still be there then.
    const { logger, delivery } = await forward(client, { timeoutMs: 4_000 });
    await expect
      .poll(() => logger.text, { timeout: 10_000 })
      .toMatch(/PRECONDITION.FAILED.* exists with other settings: give the client the same/);
    expect((await delivery()).state).toBe('pending');
    await channel.deleteQueue(queue);
    await expect.poll(async () => (await delivery()).state, { timeout: 20_000 }).toBe('done');
    const message = await channel.get(queue, { noAck: true });
    expect(message && message.content.toString()).toContain('"type":"com.tencent.css.stream-push"');
    expect(message && message.properties.deliveryMode).toBe(2); // persistent
    await channel.deleteQueue(queue);
  });
});

describe.skipIf(isBrokerAbsent('NATS JetStream'))('NATS', () => {
  const options = { servers: [`127.0.0.1:${NATS_PORT}`], serializer };

  it('that refuses the password is logged, and the event waits', async () => {
    const servers = [`127.0.0.1:${await startPrivateNats()}`];
    const { logger, delivery } = await forward({
      transport: Transport.NATS,
      options: { servers, user: PRIVATE_USER, pass: 'not-the-password', serializer },
    });
    await expect.poll(() => logger.text).toMatch(wrongPassword);
    expect((await delivery()).state).toBe('pending');
    expect(logger.text).not.toContain('not-the-password');
  });

  it('without a stream for the subject is no success', async () => {
    const topic = newName();
    const { delivery } = await forward(
      { transport: Transport.NATS, options },
      { topic: () => topic },
    );
    await expect
      .poll(async () => (await delivery()).lastError)
      .toContain(
        `No stream of JetStream captures the subject ${topic}. Add it to the subjects of a stream`,
      );
    expect((await delivery()).state).toBe('pending');
  });

  it('where a subscriber replies in place of a stream is no success', async () => {
    const topic = newName();
    const other = await connectNats(options);
    onTestFinished(() => other.close());
    other.subscribe(topic, { callback: (_error, message) => void message.respond('{"ok":true}') });
    await other.flush();
    const { delivery } = await forward(
      { transport: Transport.NATS, options },
      { topic: () => topic },
    );
    await expect
      .poll(async () => (await delivery()).lastError)
      .toContain(`Something other than a stream answers on ${topic}`);
  });

  it('without JetStream is enough with jetStream: false', async () => {
    const topic = newName();
    const received: string[] = [];
    const other = await connectNats(options);
    onTestFinished(() => other.close());
    other.subscribe(topic, { callback: (_error, message) => void received.push(message.string()) });
    await other.flush();
    const { delivery } = await forward(
      { transport: Transport.NATS, options },
      { topic: () => topic, jetStream: false },
    );
    await expect.poll(async () => (await delivery()).state).toBe('done');
    await expect.poll(() => received.length).toBe(1);
    expect(JSON.parse(received[0]!)).toMatchObject({ type: 'com.tencent.css.stream-push' });
  });

  it('that takes no event of this size makes it a dead letter, so that its stream goes on', async () => {
    const servers = [`127.0.0.1:${await startPrivateNats()}`];
    const { delivery } = await forward(
      {
        transport: Transport.NATS,
        options: { servers, user: PRIVATE_USER, pass: PRIVATE_PASSWORD, serializer },
      },
      { jetStream: false, includeStreamParam: true },
      streamPushCallback({ stream_param: 'x'.repeat(2_000) }),
    );
    await expect.poll(async () => (await delivery()).state).toBe('dead');
    expect((await delivery()).lastError).toMatch(/did not take the event: .*max_payload/i);
  });
});

describe.skipIf(isBrokerAbsent('MQTT'))('MQTT', () => {
  it('that refuses the password is logged, and the event waits', async () => {
    const url = `mqtt://127.0.0.1:${await startPrivateMosquitto()}`;
    const { logger, delivery } = await forward({
      transport: Transport.MQTT,
      options: { url, username: PRIVATE_USER, password: 'not-the-password', serializer },
    });
    await expect.poll(() => logger.text).toMatch(wrongPassword);
    expect((await delivery()).state).toBe('pending');
    expect(logger.text).not.toContain('not-the-password');
  });
});
