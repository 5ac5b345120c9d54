import { OwnSessionAccess, SessionAccess } from './api/session.access.js';
import { LiveSessions } from './live-sessions.service.js';
import { SessionClock } from './session.clock.js';
import { SessionEventWriter } from './session-event.writer.js';
import { SessionLock } from './session.lock.js';
import { SessionRecorder } from './session.recorder.js';
import { SessionRebuilder } from './session.rebuilder.js';
import { SessionTotalsReader } from './session.totals.reader.js';
import { SessionWriter } from './session.writer.js';

/** What works out who is live, for the module. */
export const SESSION_PROVIDERS = [
  SessionLock,
  SessionEventWriter,
  SessionWriter,
  SessionRecorder,
  SessionClock,
  SessionTotalsReader,
  SessionRebuilder,
  LiveSessions,
  { provide: SessionAccess, useClass: OwnSessionAccess },
];
