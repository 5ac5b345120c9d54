import type { IncomingMessage } from 'node:http';

import { CallbackRefusedError, type RefusalReason } from '../refusals/refusal.js';
import { capturedBody } from './captured-body.js';
import { GrowingBody } from './growing.body.js';
import type { ReadingBudget } from './reading.budget.js';

const MEDIA_TYPE = 'application/json';

/** Who reads, and how much of it. */
export interface BodyReading {
  /** Largest body, bytes. */
  readonly limit: number;
  readonly budget: ReadingBudget;
  /** The caller's address, as far as it is known. */
  readonly address: string | null;
  /** Checks what is known of a caller before the body is. */
  readonly admit?: () => void;
}

/**
 * Reads a body of `application/json` in UTF-8 without content encoding, and at most `limit` bytes of it.
 *
 * @throws CallbackRefusedError as soon as it is known that the body is refused
 */
export async function readBody(request: IncomingMessage, reading: BodyReading): Promise<Buffer> {
  const { limit, admit } = reading;
  checkHeaders(request, limit);
  admit?.();
  const captured = capturedBody(request);
  if (captured) return checkedSize(captured, limit);
  if (request.headers['content-length'] !== undefined) {
    // A body that came with its head, as nearly all do, needs no listeners and no timer.
    await endOfTurn();
    if (request.complete) return readWhole(request, limit);
  }
  return readOn(request, reading);
}

let turn: Promise<void> | undefined;

/** Resolves when all that has arrived is parsed; one promise for all that wait. */
function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      resolve();
    });
  });
  return turn;
}

function readWhole(request: IncomingMessage, limit: number): Buffer {
  const body = (request.read() as Buffer | null) ?? Buffer.alloc(0);
  return checkedSize(body, limit);
}

function checkedSize(body: Buffer, limit: number): Buffer {
  if (body.length > limit) throw new CallbackRefusedError('body-too-large');
  return body;
}

function readOn(
  request: IncomingMessage,
  { limit, budget, address }: BodyReading,
): Promise<Buffer> {
  if (request.destroyed) throw new CallbackRefusedError('body-aborted');
  return new Promise((resolve, reject) => {
    const body = new GrowingBody();
    const settle = (act: () => void) => {
      budget.end(reading);
      request.off('data', onData).off('end', onEnd).off('close', onAbort).off('error', onAbort);
      act();
    };
    const refuse = (reason: RefusalReason) =>
      settle(() => reject(new CallbackRefusedError(reason)));
    const reading = { address, beganAt: performance.now(), bytes: 0, refuse };
    const onData = (chunk: Buffer) => {
      if (reading.bytes + chunk.length > limit) return refuse('body-too-large');
      body.append(chunk);
      budget.grow(reading, chunk.length);
    };
    const onEnd = () => settle(() => resolve(body.bytes));
    const onAbort = () => refuse('body-aborted');
    request.on('data', onData).on('end', onEnd).on('close', onAbort).on('error', onAbort);
    budget.begin(reading);
  });
}

function checkHeaders({ headers }: IncomingMessage, limit: number): void {
  checkMediaType(headers['content-type'] ?? '');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new CallbackRefusedError('content-encoding');
  }
  if (Number(headers['content-length']) > limit) throw new CallbackRefusedError('body-too-large');
}

function checkMediaType(header: string): void {
  if (header === MEDIA_TYPE) return;
  const [type = '', ...parameters] = header.split(';');
  if (type.trim().toLowerCase() !== MEDIA_TYPE) throw new CallbackRefusedError('media-type');
  const charset = parameters
    .map((parameter) => parameter.trim().toLowerCase())
    .find((parameter) => parameter.startsWith('charset'));
  if (charset !== undefined && !/^charset\s*=\s*"?utf-?8"?$/.test(charset)) {
    throw new CallbackRefusedError('charset');
  }
}
