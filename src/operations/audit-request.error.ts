import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown when the audit service is asked for something that cannot be; the message says what can. */
export class AuditRequestError extends LiveCallbackError {
  readonly code = 'audit-request-invalid';
}
