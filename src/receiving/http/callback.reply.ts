import type { IncomingMessage, ServerResponse } from 'node:http';

/** Marks the response itself: the garbage collector goes through a WeakSet each time. */
const OWN = Symbol('nestjs-live-callback');

/** The adapter's request or response: Express gives Node's own, Fastify wraps it as `raw`. */
type Wrapped<T> = T & { raw?: T; hijack?: () => void; [OWN]?: true };

/** Seconds after which the sender may come again; CSS keeps to its own interval. */
const RETRY_AFTER_SECONDS = 5;
/** How long the rest of a refused body is discarded, so that the caller can read the answer, ms. */
const LINGER_MS = 500;

/** Node's request under the adapter's. */
export function rawRequest(request: object): IncomingMessage {
  const wrapped = request as Wrapped<IncomingMessage>;
  return wrapped.raw ?? wrapped;
}

/** Whether the module wrote the answer. */
export function isOwnReply(response: Wrapped<ServerResponse>): boolean {
  return response[OWN] === true;
}

/**
 * Writes an answer past everything that the host may have put around its own answers. CSS counts
 * exactly 200 as success; a failure that left as 200 would be a lost event.
 */
export function writeReply(response: object, status: number): void {
  const wrapped = response as Wrapped<ServerResponse>;
  wrapped.hijack?.();
  const raw: Wrapped<ServerResponse> = wrapped.raw ?? wrapped;
  if (raw.headersSent || raw.writableEnded) return;
  raw[OWN] = true;
  const body = JSON.stringify({ code: status === 200 ? 0 : status });
  raw.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    ...(status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {}),
  });
  raw.end(body);
  discardRest(raw.req);
}

/** A body that nobody will read is discarded for a moment; then its connection is closed. */
function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
}
