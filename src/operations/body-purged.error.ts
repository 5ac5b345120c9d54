import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown when listeners are to run again on a callback that has lost its body to a purge. */
export class BodyPurgedError extends LiveCallbackError {
  readonly code = 'body-purged';
}
