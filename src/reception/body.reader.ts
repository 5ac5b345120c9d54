import type { IncomingMessage } from 'node:http';

import { CallbackRefusedError, type RefusalReason } from './refusal.js';

const MEDIA_TYPE = 'application/json';
/** How long a body may take to arrive, ms. The largest documented one fits into one packet. */
const BODY_TIMEOUT_MS = 8_000;
/** What the bodies that are being read may hold together, bytes. Nobody is verified by then. */
const MAX_READING = 64 * 1024 * 1024;
/** About what Node buffers of a body that nobody reads, bytes: one reading of the socket. */
const MAX_UNREAD = 64 * 1024;
/** How many may be read at once. Those that are read wait for storage, in a queue with a bound too. */
const MAX_REQUESTS = 10_000;

/** The bodies that are being read. */
export interface ReadingBudget {
  bytes: number;
  requests: number;
}

/**
 * Reads a body of `application/json` in UTF-8 without content encoding, and no more than `limit`
 * bytes of it.
 *
 * @throws CallbackRefusedError as soon as it is known that the body is refused
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  budget: ReadingBudget,
): Promise<Buffer> {
  checkHeaders(request, limit);
  const { 'content-length': length } = request.headers;
  if (length !== undefined) {
    // A body that came with its head, as nearly all do, needs no listeners and no timer.
    const unread = Math.min(Number(length), MAX_UNREAD);
    begin(budget, unread);
    await endOfTurn();
    end(budget, unread);
    if (request.complete) return readWhole(request, limit);
  }
  return readOn(request, limit, budget);
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

/** @throws CallbackRefusedError */
function begin(budget: ReadingBudget, bytes: number): void {
  if (budget.requests >= MAX_REQUESTS || budget.bytes + bytes > MAX_READING) {
    throw new CallbackRefusedError('overloaded');
  }
  budget.requests++;
  budget.bytes += bytes;
}

function end(budget: ReadingBudget, bytes: number): void {
  budget.requests--;
  budget.bytes -= bytes;
}

function readWhole(request: IncomingMessage, limit: number): Buffer {
  const body = (request.read() as Buffer | null) ?? Buffer.alloc(0);
  if (body.length > limit) throw new CallbackRefusedError('body-too-large');
  return body;
}

function readOn(request: IncomingMessage, limit: number, budget: ReadingBudget): Promise<Buffer> {
  if (request.destroyed) throw new CallbackRefusedError('body-aborted');
  begin(budget, 0);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void) => {
      clearTimeout(timer);
      end(budget, size);
      request.off('data', onData).off('end', onEnd).off('close', onAbort).off('error', onAbort);
      act();
    };
    const refuse = (reason: RefusalReason) =>
      settle(() => reject(new CallbackRefusedError(reason)));
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      budget.bytes += chunk.length;
      if (size > limit) refuse('body-too-large');
      else if (budget.bytes > MAX_READING) refuse('overloaded');
      else chunks.push(chunk);
    };
    const onEnd = () =>
      settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const onAbort = () => refuse('body-aborted');
    const timer = setTimeout(() => refuse('body-timeout'), BODY_TIMEOUT_MS);
    request.on('data', onData).on('end', onEnd).on('close', onAbort).on('error', onAbort);
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
