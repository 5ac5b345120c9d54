import { setTimeout as sleep } from 'node:timers/promises';

import { signCallback } from '../../testing/sign-callback.js';
import { meaningOf, shownBody } from '../answer.meaning.js';
import type { CliContext } from '../cli.context.js';
import { UsageError } from '../cli.error.js';
import { EXIT } from '../exit-code.js';
import { requestOnce, shownUrl, type HttpAnswer } from '../http.client.js';
import { baseUrlOf, keyFor, keysOf, routeUrl, tokenOf } from '../receiver.options.js';
import { bodySource } from './callback.body.js';
import type { SendOptions } from './send.options.js';

/** One line of the answer. */
interface SentRequest {
  readonly kind: string;
  readonly url: string;
  /** Identifies a push: for the interruption of it. Null where the kind has none. */
  readonly sequence: string | null;
  readonly status: number | null;
  readonly answer: string;
  readonly meaning: string;
  readonly durationMs: number;
}

/** Sends what the options ask for, one request after the other. */
export async function send(kind: string, options: SendOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  if (options.unsigned && (options.key !== undefined || options.t !== undefined)) {
    throw new UsageError('--unsigned goes without --key and --t.');
  }
  const makeBody = await bodySource(kind, options, terminal);
  const warnings: string[] = [];
  const keys = keysOf(options, terminal, warnings);
  for (const warning of warnings) terminal.note(`Warning: ${warning}`);
  const token = tokenOf(options, terminal);
  const url = routeUrl(baseUrlOf(options, terminal), options.exactUrl ? undefined : kind, token);
  const sent: SentRequest[] = [];
  for (let n = 0; n < options.count; n++) {
    const body = makeBody();
    for (let repeat = 0; repeat <= options.duplicate; repeat++) {
      if (signal.aborted) break;
      if (sent.length > 0 && options.interval) await pause(options.interval, signal);
      const domain = body['app'] ?? body['domain'];
      const { headers, body: text } = options.unsigned
        ? unsigned(body)
        : signCallback(body, {
            key: keyFor(keys, typeof domain === 'string' ? domain : undefined, options.keyEnv),
            ...(options.t !== undefined && { t: options.t }),
          });
      const { timeout: timeoutMs } = options;
      const request = { method: 'POST', headers: { ...headers }, body: text, timeoutMs, signal };
      const answer = await requestOnce(url, request);
      const { sequence } = body;
      sent.push(toSent(kind, url, typeof sequence === 'string' ? sequence : null, answer));
      if (!options.json) tell(sent.at(-1) as SentRequest, context);
    }
  }
  if (options.json) terminal.json(sent);
  const isGood = sent.length > 0 && sent.every(({ status }) => status === 200);
  if (!isGood || signal.aborted) context.exitCode = EXIT.failed;
}

function unsigned(body: object) {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function toSent(kind: string, url: URL, sequence: string | null, answer: HttpAnswer): SentRequest {
  return {
    kind,
    url: shownUrl(url),
    sequence,
    status: answer.status,
    answer: shownBody(answer.body),
    meaning: meaningOf(answer),
    durationMs: answer.durationMs,
  };
}

function tell(sent: SentRequest, { terminal }: CliContext): void {
  const { kind, url, status, answer, meaning, sequence, durationMs } = sent;
  const push = sequence === null ? '' : ` (sequence ${sequence})`;
  const result = status === null ? 'no answer' : `${status} ${answer}`.trimEnd();
  terminal.line(`${kind}${push} → ${url}: ${result}, ${durationMs} ms: ${meaning}`);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // An abort ends the pause, and the loop after it.
  await sleep(ms, undefined, { signal }).catch(() => {});
}
