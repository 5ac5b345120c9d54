import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** A request that is ready to go. */
export interface CallbackRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of a request. */
export interface CallbackAnswer {
  /** Null when there was no complete answer. */
  readonly status: number | null;
  readonly answer: string;
  /** Why there was none; null when there was one. */
  readonly error: string | null;
}

/** How much of an answer is kept, characters. CSS does not read it at all. */
const KEPT_ANSWER = 4_096;
/** An answer that is longer, in bytes, is not read to its end. */
const LONGEST_ANSWER = 65_536;

/**
 * Sends one callback, over a connection of its own, and waits for the answer. Redirects are not
 * followed. Never rejects.
 *
 * @param signal ends the attempt; its reason is the `error` of the answer
 */
export function postCallback(
  { url, headers, body }: CallbackRequest,
  signal: AbortSignal,
): Promise<CallbackAnswer> {
  return new Promise((resolve) => {
    const settle = (answer: CallbackAnswer) => resolve(answer);
    const fail = (error: unknown) => settle({ status: null, answer: '', error: reasonOf(error) });
    const end = () => fail(signal.reason);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    let request: ClientRequest;
    try {
      const send = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest;
      request = send(url, { method: 'POST', headers, agent: false, signal });
    } catch {
      // The message of the error would show the URL, and with it a token.
      return fail('the URL of the callback cannot be called');
    }
    request.once('response', (response) => readAnswer(response, settle, fail));
    request.on('error', fail);
    request.end(body);
  });
}

function readAnswer(
  response: IncomingMessage,
  settle: (answer: CallbackAnswer) => void,
  fail: (error: unknown) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const finish = () => {
    const answer = Buffer.concat(chunks).toString().slice(0, KEPT_ANSWER);
    settle({ status: response.statusCode ?? null, answer, error: null });
  };
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= LONGEST_ANSWER) return;
    finish();
    response.destroy();
  });
  response.once('end', finish);
  response.on('error', fail);
}

function reasonOf(error: unknown): string {
  if (typeof error === 'string') return error;
  // Several addresses were tried: what each said is more than the empty message of all.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
