import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown at start for an option that cannot be used; the message begins with its path. */
export class LiveCallbackOptionsError extends LiveCallbackError {
  readonly code = 'options-invalid';

  constructor(
    readonly path: string,
    problem: string,
  ) {
    super(`${path} ${problem}`);
  }
}
