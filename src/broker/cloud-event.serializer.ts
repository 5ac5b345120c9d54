import type { OutgoingEvent, Serializer } from '@nestjs/microservices';

import { microservices } from './optional-packages.js';

const { MqttRecord, NatsRecord, RmqRecord } = microservices;

/**
 * Lets a client of `@nestjs/microservices` send the data alone, in place of Nest's
 * `{ pattern, data }`, so that consumers without Nest read a CloudEvent and nothing around it.
 *
 * For the `serializer` of RabbitMQ, NATS, MQTT and Redis clients. Kafka clients need none.
 *
 * @example
 * ```ts
 * ClientsModule.register([
 *   { name: 'EVENTS', transport: Transport.MQTT, options: { serializer: new CloudEventSerializer() } },
 * ]);
 * ```
 */
export class CloudEventSerializer implements Serializer<OutgoingEvent, unknown> {
  serialize({ data }: OutgoingEvent): unknown {
    if (data instanceof RmqRecord) return { ...(data.data as object), options: data.options };
    if (data instanceof NatsRecord) {
      return { data: JSON.stringify(data.data), headers: data.headers as unknown };
    }
    if (data instanceof MqttRecord) return JSON.stringify(data.data);
    return data;
  }
}
