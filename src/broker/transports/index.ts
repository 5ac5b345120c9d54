import type { ClientProxy } from '@nestjs/microservices';

import { microservices } from '../optional-packages.js';
import type { BrokerTransport } from './broker.transport.js';
import { KAFKA } from './kafka.transport.js';
import { MQTT } from './mqtt.transport.js';
import { NATS } from './nats.transport.js';
import { RABBITMQ } from './rabbitmq.transport.js';
import { REDIS } from './redis.transport.js';

export type { BrokerTransport } from './broker.transport.js';

/** Any other client: what `emit` does, in the form of its own serializer. */
const OTHER: BrokerTransport = {
  name: 'the broker',
  separator: '.',
  wraps: false,
  publish: (client, { topic, event }) => client.emit(topic, event.toJSON()),
};

/** How to publish through a client. */
export function transportOf(client: ClientProxy): BrokerTransport {
  const { ClientKafka, ClientMqtt, ClientNats, ClientRedis, ClientRMQ } = microservices;
  if (client instanceof ClientRMQ) return RABBITMQ;
  if (client instanceof ClientNats) return NATS;
  if (client instanceof ClientMqtt) return MQTT;
  if (client instanceof ClientKafka) return KAFKA;
  if (client instanceof ClientRedis) return REDIS;
  return OTHER;
}
