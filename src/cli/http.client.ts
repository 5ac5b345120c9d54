/** What came of a request. */
export interface HttpAnswer {
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly headers: Headers;
  readonly body: string;
  /** Why there was no answer; null when there was one. */
  readonly error: string | null;
  readonly durationMs: number;
}

/** How to send. */
export interface HttpRequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** How much of the answer is read, bytes: of what may have no end. Default: 65536. */
  readonly keep?: number;
}

/** Sends a request. Redirects are not followed. Never rejects. */
export async function requestOnce(
  url: URL,
  { timeoutMs, signal, keep = 65_536, ...request }: HttpRequestOptions,
): Promise<HttpAnswer> {
  const startedAt = performance.now();
  const deadline = AbortSignal.timeout(timeoutMs);
  const durationMs = () => Math.round(performance.now() - startedAt);
  try {
    const response = await fetch(url, {
      ...request,
      redirect: 'manual',
      signal: AbortSignal.any([deadline, signal]),
    });
    const body = await readBody(response, keep);
    const { status, headers } = response;
    return { status, headers, body, error: null, durationMs: durationMs() };
  } catch (error) {
    const reason = deadline.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    const headers = new Headers();
    return { status: null, headers, body: '', error: reason, durationMs: durationMs() };
  }
}

async function readBody({ body }: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // To leave the loop is to close the connection.
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    if ((size += chunk.length) >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most).toString();
}

/** The error of a connection is the cause of the one that `fetch` throws; it names no URL. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error && cause.message ? cause.message : message;
}

/** The URL as it may be shown: without credentials and query. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?***'}`;
}
