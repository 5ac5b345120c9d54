import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown when the emulator is asked for something that it, or CSS, cannot do. */
export class EmulatorError extends LiveCallbackError {
  readonly code = 'emulator-refused';
}
