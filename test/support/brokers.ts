import { randomUUID } from 'node:crypto';

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { Transport, type ClientProvider } from '@nestjs/microservices';
import { connect as connectAmqp } from 'amqplib';
import { connectAsync as connectMqtt } from 'mqtt';

import { CloudEventSerializer } from '../../src/broker/index.js';

/** A message as a client of the broker sees it that knows nothing of this project. */
export interface Received {
  readonly topic: string;
  readonly body: string;
  readonly contentType: string | undefined;
}

/** A place of one test on a broker, with a plain consumer on it. */
export interface BrokerPlace {
  /** What every topic of the place begins with, the separator included. */
  readonly prefix: string;
  readonly received: Received[];
  /** Options of a Nest client that publishes there. */
  client(port?: number): ClientProvider;
  close(): Promise<void>;
}

export interface BrokerCase {
  readonly name: string;
  readonly port: number;
  readonly isAbsent: boolean;
  open(): Promise<BrokerPlace>;
}

const HOST = '127.0.0.1';
const newName = () => `live-callback-test-${randomUUID().slice(0, 8)}`;

export const RABBITMQ_PORT = Number(process.env['RABBITMQ_PORT'] ?? 5672);
export const NATS_PORT = Number(process.env['NATS_PORT'] ?? 4222);
export const MQTT_PORT = Number(process.env['MQTT_PORT'] ?? 1883);

export const amqpUrl = (port = RABBITMQ_PORT, password = 'guest') =>
  `amqp://guest:${password}@${HOST}:${port}`;

/** A topic exchange, and a queue that gets everything. */
async function openRabbitMq(): Promise<BrokerPlace> {
  const name = newName();
  const received: Received[] = [];
  const connection = await connectAmqp(amqpUrl());
  const channel = await connection.createChannel();
  await channel.assertExchange(name, 'topic', { durable: true });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, name, '#');
  await channel.consume(
    queue,
    (message) => {
      if (!message) return;
      received.push({
        topic: message.fields.routingKey,
        body: message.content.toString(),
        contentType: message.properties.contentType as string | undefined,
      });
    },
    { noAck: true },
  );
  return {
    prefix: 'live-callback.',
    received,
    client: (port) => ({
      transport: Transport.RMQ,
      options: {
        urls: [amqpUrl(port)],
        exchange: name,
        wildcards: true,
        socketOptions: { reconnectTimeInSeconds: 1 },
        serializer: new CloudEventSerializer(),
      },
    }),
    async close() {
      await channel.deleteExchange(name);
      await connection.close();
    },
  };
}

/** A stream of JetStream. */
async function openNats(): Promise<BrokerPlace> {
  const name = newName();
  const received: Received[] = [];
  const connection = await connectNats({ servers: `${HOST}:${NATS_PORT}` });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name, subjects: [`${name}.>`], storage: 'memory' });
  const consumer = await jetstream(connection).consumers.get(name);
  const messages = await consumer.consume();
  const reading = (async () => {
    for await (const message of messages) {
      received.push({
        topic: message.subject,
        body: message.string(),
        contentType: message.headers?.get('content-type'),
      });
    }
  })();
  return {
    prefix: `${name}.`,
    received,
    client: (port = NATS_PORT) => ({
      transport: Transport.NATS,
      options: {
        servers: [`${HOST}:${port}`],
        reconnectTimeWait: 200,
        serializer: new CloudEventSerializer(),
      },
    }),
    async close() {
      await messages.close();
      await reading;
      await manager.streams.delete(name);
      await connection.close();
    },
  };
}

/** A subscription with QoS 1. */
async function openMqtt(): Promise<BrokerPlace> {
  const name = newName();
  const received: Received[] = [];
  const client = await connectMqtt(`mqtt://${HOST}:${MQTT_PORT}`, { protocolVersion: 5 });
  client.on('message', (topic, body, { properties }) => {
    received.push({ topic, body: body.toString(), contentType: properties?.contentType });
  });
  await client.subscribeAsync(`${name}/#`, { qos: 1 });
  return {
    prefix: `${name}/`,
    received,
    client: (port = MQTT_PORT) => ({
      transport: Transport.MQTT,
      options: {
        url: `mqtt://${HOST}:${port}`,
        protocolVersion: 5,
        reconnectPeriod: 200,
        serializer: new CloudEventSerializer(),
      },
    }),
    close: () => client.endAsync(),
  };
}

/** Whether a place can be opened; with REQUIRE_SERVICES=1 the error of the one that cannot. */
async function isAbsent(open: BrokerCase['open']): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within 5 s')), 5_000);
  });
  try {
    await (await Promise.race([open(), tooLong])).close();
    return false;
  } catch (error) {
    if (process.env['REQUIRE_SERVICES'] === '1') throw error;
    return true;
  } finally {
    clearTimeout(timer);
  }
}

/** The brokers of the suite; one that does not answer is skipped by name. */
export const BROKERS: readonly BrokerCase[] = [
  {
    name: 'RabbitMQ',
    port: RABBITMQ_PORT,
    isAbsent: await isAbsent(openRabbitMq),
    open: openRabbitMq,
  },
  { name: 'NATS JetStream', port: NATS_PORT, isAbsent: await isAbsent(openNats), open: openNats },
  { name: 'MQTT', port: MQTT_PORT, isAbsent: await isAbsent(openMqtt), open: openMqtt },
];

/** Whether one of them is absent. */
export const isBrokerAbsent = (name: string): boolean =>
  BROKERS.find((broker) => broker.name === name)?.isAbsent ?? true;
