import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown at start when the telemetry cannot work as it is imported. The message says what to write. */
export class LiveCallbackTelemetryError extends LiveCallbackError {
  readonly code = 'telemetry-setup';
}
