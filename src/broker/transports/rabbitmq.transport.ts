import type { ClientProxy } from '@nestjs/microservices';
import type { EventEmitter } from 'node:events';

import { microservices } from '../optional-packages.js';
import { CLOUD_EVENT_TYPE, type BrokerTransport } from './broker.transport.js';

/** The part of amqp-connection-manager that is watched. */
interface ConnectionManager extends EventEmitter {
  readonly _channels?: readonly EventEmitter[];
}

const watched = new WeakSet<EventEmitter>();

/** RabbitMQ over a confirm channel: ends with the confirm of the broker. */
export const RABBITMQ: BrokerTransport = {
  name: 'RabbitMQ',
  separator: '.',
  wraps: true,
  publish(client, { topic, event, timeoutMs }) {
    const options = {
      contentType: CLOUD_EVENT_TYPE,
      messageId: event.id,
      // A confirm of a durable queue then means that the message is on disk.
      persistent: true,
      // What a Nest consumer listens to: servers see no routing key.
      headers: { pattern: topic },
      // Of amqp-connection-manager: forgets a message that was not confirmed, because it comes again.
      timeout: timeoutMs,
    };
    return client.emit(topic, new microservices.RmqRecord(event.toJSON(), options));
  },
  /**
   * A queue or exchange that exists with other settings makes each channel emit `error`. Nest does
   * not listen to it, and the process would end.
   */
  watch(client: ClientProxy, onError) {
    const manager = client.unwrap<ConnectionManager>();
    if (watched.has(manager)) return;
    watched.add(manager);
    const watchChannels = () => {
      const { _channels: channels = [] } = manager;
      for (const channel of channels) {
        if (watched.has(channel)) continue;
        watched.add(channel);
        channel.on('error', onError);
      }
    };
    watchChannels();
    manager.on('connect', watchChannels);
  },
};
