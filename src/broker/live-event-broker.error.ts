import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown when events cannot be forwarded as configured, or a broker did not take one. */
export class LiveEventBrokerError extends LiveCallbackError {
  readonly code = 'broker-failed';
}
