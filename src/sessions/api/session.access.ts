import { Injectable } from '@nestjs/common';

import { LiveSessions } from '../live-sessions.service.js';

/** Which sessions the HTTP API at one place shows. */
export abstract class SessionAccess {
  abstract readonly sessions: LiveSessions;
}

/** Those of a registration itself. */
@Injectable()
export class OwnSessionAccess extends SessionAccess {
  constructor(readonly sessions: LiveSessions) {
    super();
  }
}
