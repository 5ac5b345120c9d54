import { signatureOf } from '../../testing/sign-callback.js';
import { isOfModule, meaningOf, shownBody } from '../answer.meaning.js';
import { requestOnce, type HttpAnswer } from '../http.client.js';
import { broken, ok, type Finding } from './finding.js';

/** How routes are probed. */
export interface ProbeOptions {
  /** Undefined: the expired probe is left out. */
  readonly key: string | undefined;
  readonly domain: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Longer ago than any grace a module can be given, seconds. */
const LONG_AGO = 2 * 3_600;
/** How long CSS lets a signature live, seconds. */
const LIFETIME = 600;

/**
 * Is the module there, and nobody in between? Sends what a correct module refuses: a wrong sign, a
 * signature that has expired, and a GET.
 *
 * @param kind undefined for the URL of every kind
 */
export async function checkRoute(
  kind: string | undefined,
  url: URL,
  options: ProbeOptions,
): Promise<Finding> {
  const check = `route ${kind ?? '(any kind)'}`;
  const now = Math.floor(Date.now() / 1000);
  const forged = await post(url, options, now + LIFETIME, 'f'.repeat(32));
  const problem = problemOf(check, forged, 'a forged callback');
  if (problem) return problem;
  if (options.key !== undefined) {
    const t = now - LONG_AGO;
    const expired = await post(url, options, t, signatureOf(options.key, t));
    const late = problemOf(check, expired, 'an expired callback');
    if (late) return late;
  }
  const { timeoutMs, signal } = options;
  const read = await requestOnce(url, { method: 'GET', timeoutMs, signal });
  if (read.status === 200) {
    return broken(
      check,
      `A GET is answered with 200: ${shownBody(read.body)}`,
      'Something else answers at this URL: a page, or a filter that turns errors into 200. Keep it off the callback routes.',
    );
  }
  return ok(check, 'The module answers, and refuses what it must.');
}

function post(
  url: URL,
  { domain, timeoutMs, signal }: ProbeOptions,
  t: number,
  sign: string,
): Promise<HttpAnswer> {
  const payload = {
    // No kind has it: should it ever be taken, no listener of a kind gets it.
    event_type: 0x7fff_0000,
    ...(domain !== undefined && { app: domain, domain }),
    stream_id: 'live-callback-doctor',
    t,
    sign,
  };
  const headers = { 'content-type': 'application/json' };
  return requestOnce(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(payload),
    timeoutMs,
    signal,
  });
}

/** What is wrong with the answer to something that has to be refused; undefined when nothing is. */
function problemOf(check: string, answer: HttpAnswer, what: string): Finding | undefined {
  const { status, headers, body, error } = answer;
  if (status === 401 && isOfModule(answer)) return undefined;
  if (status === null) {
    const fix = 'Start the application, and check host and port of --url, and firewalls.';
    return broken(check, `No answer: ${error}.`, fix);
  }
  if (status === 200) {
    return broken(
      check,
      `It answers ${what} with 200: ${shownBody(body)}`,
      isOfModule(answer)
        ? 'Its signature is not checked: let LiveCallbackModule have this route.'
        : 'Something in front of the module answers, so that callbacks are lost: let the requests through.',
    );
  }
  const location = headers.get('location');
  const where = location === null ? '' : ` to ${withoutQuery(location)}`;
  return broken(
    check,
    `${status}${where} ${shownBody(body)}`.trim(),
    capitalised(meaningOf(answer)),
  );
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*/s, '');
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
