import { toLine } from '../common/error-text.js';

const MAX_LENGTH = 300;

/** What to look at, by what clients say. The first match counts. */
const FIXES: readonly (readonly [RegExp, string])[] = [
  [
    /access.refused|not authori[sz]ed|authorization.violation|authentication|bad user ?name|wrongpass|noauth|sasl/i,
    'The broker refused the credentials: check user and password of the client, and what the user may write.',
  ],
  [
    /precondition.failed/i,
    'A queue or exchange of this name exists with other settings: give the client the same queueOptions or exchangeType, or another name.',
  ],
  [
    /econnrefused|connection.refused|enotfound|eai_again|etimedout|ehostunreach|econnreset/i,
    'Check host and port of the client, and that the broker runs.',
  ],
];

/**
 * What a client rejected with, as sentences on one line; clients reject with strings, nested objects
 * and nothing at all.
 */
export function failureText(error: unknown): string {
  const text = messageOf(error).replace(/\/\/[^/\s]*@/g, '//***@');
  const line = toLine(text, MAX_LENGTH)
    .replace(/^Error: /, '')
    .replace(/\.*$/, '.');
  const fix = FIXES.find(([pattern]) => pattern.test(line))?.[1];
  return fix ? `${line} ${fix}` : line;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0]);
  if (error instanceof Error) return error.message || error.name;
  if (typeof error === 'string') return error;
  // amqp-connection-manager: { err, url }, and the URL holds the password.
  const nested = (error as { err?: unknown } | null | undefined)?.err;
  return nested === undefined ? 'the connection was closed' : messageOf(nested);
}
