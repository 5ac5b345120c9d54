import type { IncomingMessage } from 'node:http';

import { CallbackRefusedError } from '../refusals/refusal.js';

/** A request that something in front of this application has read, and what it has left. */
interface ReadRequest extends IncomingMessage {
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/**
 * The bytes of a body that was read before: by an outer application, or by a platform of functions.
 * Undefined where nobody has read it.
 *
 * @throws CallbackRefusedError where it was read and its bytes are gone
 */
export function capturedBody(request: IncomingMessage): Buffer | undefined {
  const { rawBody, body } = request as ReadRequest;
  const bytes = bytesOf(rawBody) ?? bytesOf(body);
  if (bytes === undefined && request.readableDidRead && request.readableEnded) {
    throw new CallbackRefusedError('body-not-captured');
  }
  return bytes;
}

function bytesOf(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  return typeof value === 'string' ? Buffer.from(value) : undefined;
}
