import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { onTestFinished } from './current-test.js';

/** A request that arrived. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The body as JSON. */
  readonly payload: Record<string, unknown>;
}

/** Writes an answer; one that writes nothing never answers. */
export type Respond = (response: ServerResponse, request: ReceivedRequest) => void;

/** A bare HTTP server that keeps what arrives. */
export interface CallbackReceiver {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** What it answers from now on. */
  respond: Respond;
}

/** Answers with a status and a body. */
export function answering(status: number, body = ''): Respond {
  return (response) => response.writeHead(status).end(body);
}

/** Starts one for the running test. */
export async function startReceiver(respond: Respond = answering(200)): Promise<CallbackReceiver> {
  const requests: ReceivedRequest[] = [];
  const server: Server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const request = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body,
        payload: JSON.parse(body) as Record<string, unknown>,
      };
      requests.push(request);
      receiver.respond(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const receiver: CallbackReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    respond,
  };
  return receiver;
}
