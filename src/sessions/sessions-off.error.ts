import { LiveCallbackError } from '../common/live-callback.error.js';

/** Thrown by `LiveSessions` where the option `sessions` is left out. */
export class SessionsOffError extends LiveCallbackError {
  readonly code = 'sessions-off';

  constructor() {
    super(
      'Nobody works out who is live: LiveCallbackModule.forRoot({ …, sessions: {} }) turns it on.',
    );
  }
}
