import type { CallbackAttempt } from '../../emulator/index.js';
import { shownBody } from '../answer.meaning.js';
import { timeOf } from './step.runner.js';

/** An attempt as a line. */
export function formatAttempt(attempt: CallbackAttempt): string {
  const { at, kind, domain, appName, streamName, url, status, answer, error, retry } = attempt;
  const result = status === null ? (error ?? 'no answer') : `${status} ${shownBody(answer)}`;
  const which = retry === 0 ? '' : ` (retry ${retry})`;
  return `${timeOf(at)} ${kind} ${domain}/${appName}/${streamName}${which} → ${url}: ${result.trimEnd()}${nextOf(attempt)}`;
}

function nextOf({ isAcknowledged, nextAttemptAt }: CallbackAttempt): string {
  if (isAcknowledged) return '';
  return nextAttemptAt === null ? ', given up' : `, again at ${timeOf(nextAttemptAt)}`;
}

/** An attempt for programs: without the request, which holds the signature. */
export function attemptForPrograms({ request: _request, ...attempt }: CallbackAttempt): object {
  return {
    ...attempt,
    at: new Date(attempt.at),
    endedAt: new Date(attempt.endedAt),
    nextAttemptAt: attempt.nextAttemptAt === null ? null : new Date(attempt.nextAttemptAt),
  };
}
