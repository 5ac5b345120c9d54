import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown when a callback makes no event of the kind that is asked for. */
export class UnfitCallbackError extends LiveCallbackError {
  readonly code = 'callback-unfit';
}
