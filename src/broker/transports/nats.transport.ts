import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { catchError, concat, defer, tap } from 'rxjs';

import { LiveEventBrokerError } from '../live-event-broker.error.js';
import { loadOptional, microservices } from '../optional-packages.js';
import { CLOUD_EVENT_TYPE, type BrokerTransport } from './broker.transport.js';

/** What a stream answers to a message that it captured, or could not store. */
interface PubAck {
  readonly stream?: string;
  readonly error?: { readonly description?: string };
}

/** What Nest makes of the server's word that nobody listens; its error has no name of its own. */
const NO_RESPONDERS = /^Empty response/;

/** NATS: ends with the acknowledgement of JetStream, or with the server's answer to a ping. */
export const NATS: BrokerTransport = {
  name: 'NATS',
  separator: '.',
  wraps: true,
  publish(client, { topic, event, jetStream }) {
    const record = new microservices.NatsRecord(event.toJSON(), headersOf(event.id));
    if (!jetStream) {
      const ping = defer(() => client.unwrap<NatsConnection>().flush());
      return concat(client.emit(topic, record), ping);
    }
    // A request to a subject that a stream captures is answered by the stream.
    return client.send<unknown>(topic, record).pipe(
      tap((answer) => checkAck(topic, answer)),
      catchError((error: Error) => {
        throw NO_RESPONDERS.test(error.message) ? noStream(topic, error) : error;
      }),
    );
  },
};

function headersOf(id: string): MsgHdrs {
  const headers = loadNats().headers();
  headers.set('content-type', CLOUD_EVENT_TYPE);
  // Lets the stream drop a message that comes again within its duplicate window.
  headers.set('Nats-Msg-Id', id);
  return headers;
}

/** The package of Nest 12, or that of Nest 11; the headers of both are one interface. */
function loadNats(): typeof import('@nats-io/transport-node') {
  return loadOptional(
    '@nats-io/transport-node',
    'nats',
  ) as typeof import('@nats-io/transport-node');
}

function checkAck(topic: string, answer: unknown): void {
  const { stream, error } = (answer ?? {}) as PubAck;
  if (error) {
    throw new LiveEventBrokerError(
      `JetStream did not store the event on ${topic}: ${error.description ?? 'no reason given'}`,
    );
  }
  if (typeof stream !== 'string') {
    throw new LiveEventBrokerError(
      `Something other than a stream answers on ${topic}: a subscriber replies to events. Forward to a subject of its own.`,
    );
  }
}

function noStream(topic: string, cause: Error): LiveEventBrokerError {
  return new LiveEventBrokerError(
    `No stream of JetStream captures the subject ${topic}. Add it to the subjects of a stream, or set jetStream: false, which loses what nobody receives.`,
    { cause },
  );
}
