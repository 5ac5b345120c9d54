import { LiveCallbackError } from '../../common/live-callback.error.js';

/** Thrown at start when the HTTP adapter does not let the module read the bodies of its routes. */
export class HttpAdapterError extends LiveCallbackError {
  readonly code = 'http-adapter-unsupported';
}
