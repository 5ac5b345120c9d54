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
    return { pattern: pattern as string, data: dataOf(message) };
  }
}

/** Parsed already, but for NATS: there Nest 12 hands on its message, and Nest 11 the bytes of it. */
function dataOf(message: unknown): unknown {
  if (message instanceof Uint8Array) return JSON.parse(Buffer.from(message).toString());
  const isNats = typeof (message as { json?: unknown } | null)?.json === 'function';
  return isNats ? (message as { json(): unknown }).json() : message;
}
