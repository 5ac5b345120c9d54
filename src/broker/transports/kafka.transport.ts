import { Kafka } from '../optional-packages.js';
import type { BrokerTransport } from './broker.transport.js';

/** Kafka: ends when the brokers have acknowledged, with `acks` as the client sets it; all by default. */
export const KAFKA: BrokerTransport = {
  name: 'Kafka',
  separator: '.',
  wraps: false,
  publish(client, { topic, event }) {
    // The key is the partition key, so that a stream stays in one partition.
    const { key, value, headers } = Kafka.structured(event);
    return client.emit(topic, { key, value, headers });
  },
};
