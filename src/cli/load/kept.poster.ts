import { request as httpRequest, type Agent } from 'node:http';
import { request as httpsRequest, type Agent as HttpsAgent } from 'node:https';

/** What came of it. */
export interface PostResult {
  readonly status: number | null;
  readonly error: string | null;
}

/** Posts a body over a connection that is kept alive. Never rejects. */
export function postKept(
  url: URL,
  body: string,
  agent: Agent | HttpsAgent,
  signal: AbortSignal,
): Promise<PostResult> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve({ status: null, error: reasonOf(error, signal) });
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    };
    const sending = send(url, { method: 'POST', agent, headers, signal }, (response) => {
      response.resume();
      response.once('end', () => resolve({ status: response.statusCode ?? null, error: null }));
      response.once('error', fail);
    });
    sending.once('error', fail);
    sending.end(body);
  });
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) {
    return (signal.reason as Error).name === 'TimeoutError' ? 'timeout' : 'ended by the user';
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
