import type { Payload } from '../../events/payload/payload.js';
import { rawRequest } from './callback.reply.js';

/** What the steps of the way in know about one request. */
export interface CallbackContext {
  /** When its head was read, by `performance.now()`. */
  readonly startedAt: number;
  /** The body, byte for byte, as the raw-body reader took it. */
  readonly body: Buffer;
  /** The body as text, unless it is not UTF-8; set by the guard. */
  text?: string;
  /** The verified payload; set by the guard. */
  payload?: Payload;
  /** Runs out when something of the host keeps the verified request from being answered. */
  timer?: NodeJS.Timeout;
}

const CONTEXT = Symbol('nestjs-live-callback');

/** Node's request, which carries the context: each step asks for it, and an entry of a map costs more to find. */
interface Carrier {
  [CONTEXT]?: CallbackContext | undefined;
}

function carrierOf(request: object): Carrier {
  return rawRequest(request) as object;
}

/** Opens the context of a request whose body was read. */
export function openContext(request: object, body: Buffer, startedAt: number): void {
  carrierOf(request)[CONTEXT] = { body, startedAt };
}

/** The context of a request; undefined when the raw-body reader has not read its body. */
export function contextOf(request: object): CallbackContext | undefined {
  return carrierOf(request)[CONTEXT];
}

/**
 * Ends what was begun for a request, once it is answered. A connection that is kept alive keeps its last
 * request, and with that the body and all that was made of it, until the next one comes: for so long that
 * the garbage collector would take them for something to stay.
 */
export function closeContext(request: object): void {
  const carrier = carrierOf(request);
  clearTimeout(carrier[CONTEXT]?.timer);
  carrier[CONTEXT] = undefined;
}
