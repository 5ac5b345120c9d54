import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown at start for a console that cannot be served: nobody would guard it, or there is nothing to show. */
export class LiveCallbackConsoleError extends LiveCallbackError {
  readonly code = 'console-setup';
}
