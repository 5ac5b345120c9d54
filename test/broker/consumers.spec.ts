/**
 * The same events for consumers of other makes: Nest microservices, a plain client of Redis, and the
 * messages that a Kafka producer gets. There is no Kafka here: what it is given is compared.
 */
import { randomUUID } from 'node:crypto';

import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientKafka,
  ClientsModule,
  EventPattern,
  Payload,
  Transport,
  type ClientProvider,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { connect } from 'amqplib';
import { CloudEvent, Kafka } from 'cloudevents';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  CloudEventDeserializer,
  CloudEventSerializer,
  LiveEventBrokerModule,
  type LiveEventBrokerOptions,
} from '../../src/broker/index.js';
import { LiveCallbackAuditService } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { amqpUrl, isBrokerAbsent, MQTT_PORT, NATS_PORT } from '../support/brokers.js';
import { isRedisAbsent, REDIS } from '../support/redis.js';
import { scratchHost } from '../support/scratch.js';

const serializer = new CloudEventSerializer();
const deserializer = new CloudEventDeserializer();
const newName = () => `live-callback-test-${randomUUID().slice(0, 8)}`;

/** Sends one callback through a host that forwards it. */
async function forwardOne(
  client: ClientProvider,
  options: Partial<LiveEventBrokerOptions>,
): Promise<{ id: string; state: () => Promise<string> }> {
  const host = await scratchHost({
    module: {
      imports: [
        ClientsModule.register([{ name: 'EVENTS', ...client }]),
        LiveEventBrokerModule.register({ client: 'EVENTS', ...options }),
      ],
    },
  });
  const callback = streamPushCallback({ app: 'push.example.com', stream_id: 'room' });
  expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  const [row] = (await audit.find({})).items;
  const state = async () => (await audit.get(row!.id))!.deliveries[0]!.state;
  return { id: row!.id, state };
}

interface NestCase {
  name: string;
  isAbsent: boolean;
  client: (name: string) => ClientProvider;
  server: (name: string) => MicroserviceOptions;
  clean?: (name: string) => Promise<void>;
}

const NEST: readonly NestCase[] = [
  {
    name: 'RabbitMQ',
    isAbsent: isBrokerAbsent('RabbitMQ'),
    client: (exchange) => ({
      transport: Transport.RMQ,
      options: { urls: [amqpUrl()], exchange, wildcards: true, serializer },
    }),
    server: (exchange) => ({
      transport: Transport.RMQ,
      options: {
        urls: [amqpUrl()],
        queue: exchange,
        queueOptions: { expires: 5_000 },
        exchange,
        wildcards: true,
        deserializer,
      },
    }),
    clean: async (exchange) => {
      const connection = await connect(amqpUrl());
      await (await connection.createChannel()).deleteExchange(exchange);
      await connection.close();
    },
  },
  {
    name: 'NATS',
    isAbsent: isBrokerAbsent('NATS JetStream'),
    client: () => ({
      transport: Transport.NATS,
      options: { servers: [`127.0.0.1:${NATS_PORT}`], serializer },
    }),
    server: () => ({
      transport: Transport.NATS,
      options: { servers: [`127.0.0.1:${NATS_PORT}`], deserializer },
    }),
  },
  {
    name: 'MQTT',
    isAbsent: isBrokerAbsent('MQTT'),
    client: () => ({
      transport: Transport.MQTT,
      options: { url: `mqtt://127.0.0.1:${MQTT_PORT}`, serializer },
    }),
    server: () => ({
      transport: Transport.MQTT,
      options: { url: `mqtt://127.0.0.1:${MQTT_PORT}`, deserializer },
    }),
  },
  {
    name: 'Redis',
    isAbsent: isRedisAbsent,
    client: () => ({ transport: Transport.REDIS, options: { ...REDIS, serializer } }),
    server: () => ({ transport: Transport.REDIS, options: { ...REDIS, deserializer } }),
  },
];

describe.each(NEST)('a Nest microservice on $name', ({ isAbsent, client, server, clean }) => {
  it.skipIf(isAbsent)('gets the CloudEvent as the payload of its pattern', async () => {
    const name = newName();
    const payloads: unknown[] = [];

    @Controller()
    class Consumer {
      @EventPattern(name)
      onEvent(@Payload() payload: unknown): void {
        payloads.push(payload);
      }
    }

    @Module({ controllers: [Consumer] })
    class ConsumerModule {}

    const consumer = await NestFactory.createMicroservice(ConsumerModule, {
      ...server(name),
      logger: false,
    });
    await consumer.listen();
    onTestFinished(async () => {
      await consumer.close();
      await clean?.(name);
    });
    const { id, state } = await forwardOne(client(name), { topic: () => name, jetStream: false });
    await expect
      .poll(() => payloads)
      .toMatchObject([
        {
          id,
          type: 'com.tencent.css.stream-push',
          subject: 'push.example.com/live/room',
          data: { kind: 'stream-push', data: { stream_id: 'room' } },
        },
      ]);
    await expect.poll(state).toBe('done');
  });
});

describe.skipIf(isRedisAbsent)('a plain client of Redis', () => {
  it('gets CloudEvents', async () => {
    const channel = newName();
    const received: string[] = [];
    const subscriber = new Redis(REDIS);
    onTestFinished(() => subscriber.disconnect());
    await subscriber.subscribe(channel);
    subscriber.on('message', (_channel, body: string) => received.push(body));
    const { id } = await forwardOne(
      { transport: Transport.REDIS, options: { ...REDIS, serializer } },
      { topic: () => channel },
    );
    await expect.poll(() => received.length).toBe(1);
    const event = JSON.parse(received[0]!) as { id: string };
    expect(new CloudEvent(event).validate()).toBe(true);
    expect(event.id).toBe(id);
  });
});

describe('a Kafka producer', () => {
  /** What kafkajs would be asked to send; the client of Nest around it is the real one. */
  class RecordingKafka extends ClientKafka {
    readonly sent: { topic: string; acks?: number; messages: Record<string, unknown>[] }[] = [];

    override createClient(): never {
      const producer = {
        events: { CONNECT: 'connect', DISCONNECT: 'disconnect' },
        on: () => {},
        connect: async () => {},
        disconnect: async () => {},
        send: async (record: RecordingKafka['sent'][number]) => void this.sent.push(record),
      };
      return { producer: () => producer } as never;
    }
  }

  it('gets a structured CloudEvent with the stream as key', async () => {
    const client = new RecordingKafka({ producerOnlyMode: true });
    const host = await scratchHost({
      module: {
        imports: [LiveEventBrokerModule.register({ client: 'EVENTS' })],
        providers: [{ provide: 'EVENTS', useValue: client }],
      },
    });
    const callback = streamPushCallback({ app: 'push.example.com', stream_id: 'room' });
    await host.send(signCallback(callback, { key: KEY }));
    await expect.poll(() => client.sent.length).toBe(1);
    const { topic, messages } = client.sent[0]!;
    expect(topic).toBe('live-callback.stream-push');
    expect(messages).toEqual([
      {
        key: 'push.example.com/live/room',
        value: expect.any(String) as string,
        headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
      },
    ]);
    const message = messages[0] as never;
    expect(Kafka.isEvent(message)).toBe(true);
    const event = Kafka.toEvent(message) as CloudEvent<unknown>;
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({
      type: 'com.tencent.css.stream-push',
      partitionkey: 'push.example.com/live/room',
    });
  });
});

describe('a NATS message of Nest 11', () => {
  it('comes as bytes, and is read', () => {
    const bytes = new TextEncoder().encode('{"id":"ü"}');
    const channel = 'live-callback.stream-push';
    expect(deserializer.deserialize(bytes, { channel })).toEqual({
      pattern: channel,
      data: { id: 'ü' },
    });
  });
});
