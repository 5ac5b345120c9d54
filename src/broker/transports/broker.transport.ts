import type { ClientProxy } from '@nestjs/microservices';
import type { CloudEvent } from 'cloudevents';
import type { Observable } from 'rxjs';

/** One event on its way to a broker. */
export interface BrokerMessage {
  readonly topic: string;
  readonly event: CloudEvent<object>;
  /** How long the broker may take, ms. */
  readonly timeoutMs: number;
  /** NATS: whether a stream of JetStream has to acknowledge it. */
  readonly jetStream: boolean;
}

/** How one kind of client publishes so that the broker confirms, as far as its broker can. */
export interface BrokerTransport {
  /** For log lines. */
  readonly name: string;
  /** Between the words of a topic. */
  readonly separator: '.' | '/';
  /** Whether its own serializer would wrap the CloudEvent into a packet of Nest. */
  readonly wraps: boolean;
  /** Sends once subscribed or before; ends when the broker has confirmed. */
  publish(client: ClientProxy, message: BrokerMessage): Observable<unknown>;
  /** Called after each call of `connect`, before it has ended. */
  watch?(client: ClientProxy, onError: (error: unknown) => void): void;
}

/** Content type of a CloudEvent in structured mode. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';
