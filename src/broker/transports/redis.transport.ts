import type { BrokerTransport } from './broker.transport.js';

/** Redis publish: ends when the server has the message, which nobody may have received. */
export const REDIS: BrokerTransport = {
  name: 'Redis',
  separator: '.',
  wraps: true,
  publish: (client, { topic, event }) => client.emit(topic, event.toJSON()),
};
