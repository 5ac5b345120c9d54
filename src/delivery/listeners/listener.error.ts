import { LiveCallbackError } from '../../common/live-callback.error.js';

/**
 * Thrown when a method marked with `@OnLiveEvent` cannot serve as a listener, mostly at start, and by a
 * listener's context for what it does not have.
 */
export class ListenerError extends LiveCallbackError {
  readonly code = 'listener-invalid';
}
