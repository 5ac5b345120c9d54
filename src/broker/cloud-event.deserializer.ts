import type { ConsumerDeserializer, IncomingEvent } from '@nestjs/microservices';

/** What the servers of Nest hand to a deserializer beside the message. */
interface MessageOptions {
  /** NATS, MQTT, Redis and Kafka: where the message was sent to. */
  readonly channel?: string;
  /** RabbitMQ: headers of the message. */
  readonly headers?: Readonly<Record<string, unknown>>;
}

/**
 * Lets a Nest microservice read forwarded events: `@EventPattern('live-callback.stream-push')` gets
 * the CloudEvent as its payload. Without it Nest takes the `data` and `id` of a CloudEvent for its own.
 *
 * For the `deserializer` of RabbitMQ, NATS, MQTT and Redis servers. Kafka servers need none.
 */
export class CloudEventDeserializer implements ConsumerDeserializer {
  deserialize(message: unknown, options: MessageOptions = {}): IncomingEvent {
    const pattern = options.channel ?? options.headers?.['pattern'];
    const isNats = typeof (message as { json?: unknown } | null)?.json === 'function';
    const data = isNats ? (message as { json(): unknown }).json() : message;
    return { pattern: pattern as string, data };
  }
}
