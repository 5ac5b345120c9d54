import { LiveCallbackError } from '../../common/live-callback.error.js';

/** Thrown when the clock of this host is so wrong that every callback is refused. */
export class ClockError extends LiveCallbackError {
  readonly code = 'clock-wrong';
}
