import { randomUUID } from 'node:crypto';

import type { SessionSummary } from '../events/session-event.js';
import { STREAM } from './callback-fields.js';

/**
 * A session for the event of one: live for a minute, or what the fields make of it.
 *
 * @example
 * ```ts
 * liveEventOf('session-started', { session: sessionSummary(), merged: [] });
 * ```
 */
export function sessionSummary(fields: Partial<SessionSummary> = {}): SessionSummary {
  const now = Date.now();
  const { app, appid, appname } = STREAM;
  return {
    id: randomUUID(),
    stream: { appId: String(appid), domain: app, path: appname, name: 'test_stream' },
    state: 'live',
    startedAt: new Date(now - 60_000),
    startedBy: 'callback',
    interruptedAt: null,
    endedAt: null,
    endedBy: null,
    endReason: null,
    lastConfirmedAt: new Date(now),
    pushesCount: 1,
    openCount: 1,
    unconfirmedCount: 0,
    uptimeMs: 60_000,
    gapMs: 0,
    reconnects: 0,
    peakConcurrentPushes: 1,
    width: null,
    height: null,
    ...fields,
  };
}
