import { LiveCallbackError } from '../../common/live-callback.error.js';

/** Thrown by a listener to say that trying again is of no use: the event becomes a dead letter. */
export class NonRetryableError extends LiveCallbackError {
  readonly code: string = 'not-retryable';
}

/** Safe for whatever was thrown: `instanceof` itself throws for some objects. @internal */
export function isNonRetryable(thrown: unknown): boolean {
  try {
    return thrown instanceof NonRetryableError;
  } catch {
    return false;
  }
}
