import { microservices } from '../optional-packages.js';
import { CLOUD_EVENT_TYPE, type BrokerTransport } from './broker.transport.js';

/** MQTT with QoS 1: ends with the PUBACK. The content type needs protocol version 5. */
export const MQTT: BrokerTransport = {
  name: 'MQTT',
  separator: '/',
  wraps: true,
  publish(client, { topic, event }) {
    const options = { qos: 1, properties: { contentType: CLOUD_EVENT_TYPE } } as const;
    return client.emit(topic, new microservices.MqttRecord(event.toJSON(), options));
  },
};
