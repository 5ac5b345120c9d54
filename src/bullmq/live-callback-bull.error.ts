import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown at start when listeners cannot be run on BullMQ; the message says what to write instead. */
export class LiveCallbackBullError extends LiveCallbackError {
  readonly code = 'bullmq-setup';
}
