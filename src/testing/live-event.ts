import { randomUUID } from 'node:crypto';

import { DEFAULT_REGISTRATION } from '../common/registration-name.js';
import { EventCatalog } from '../events/event-catalog.js';
import { EventInterpreter } from '../events/event-interpreter.js';
import type { LiveEvent, LiveEventKind } from '../events/live-event.js';
import { parsePayload, type JsonObject } from '../events/payload/payload.js';
import { isSessionKind, meaningOfSession, type SessionEventKind } from '../events/session-event.js';
import { toLiveEvent } from '../events/to-live-event.js';
import { UnfitCallbackError } from './unfit-callback.error.js';

/**
 * The event that a callback becomes, or what tells of a session (`{ session, merged }`), for `LiveEventBus.publish` or a direct call of a listener.
 *
 * @throws UnfitCallbackError when the callback is not of this kind or does not fit its DTO
 */
export function liveEventOf<K extends LiveEventKind | SessionEventKind>(
  kind: K,
  callback: object,
): LiveEvent<K> {
  const payload = parsePayload(JSON.stringify(callback)).value;
  if (isSessionKind(kind)) {
    checkSession(kind, payload);
    const meaning = meaningOfSession(kind, new Date(), payload);
    return toLiveEvent({ ...factsOf(), origin: 'session' }, meaning, payload) as LiveEvent<K>;
  }
  const meaning = new EventInterpreter(new EventCatalog()).interpret(payload);
  if (meaning.kind !== kind || meaning.state === 'quarantined') {
    const problem = meaning.errors.join('; ') || `its kind is ${meaning.kind}`;
    throw new UnfitCallbackError(`The callback makes no ${kind} event: ${problem}`);
  }
  return toLiveEvent(factsOf(), meaning, payload) as LiveEvent<K>;
}

function factsOf() {
  return {
    id: randomUUID(),
    registration: DEFAULT_REGISTRATION,
    receivedAt: new Date(),
    attempt: 1,
    conflicting: false,
  };
}

function checkSession(kind: string, { session, merged }: JsonObject): void {
  const { stream, startedAt } = (session ?? {}) as Partial<Record<string, unknown>>;
  const isSession =
    typeof stream === 'object' && stream && !Number.isNaN(Date.parse(String(startedAt)));
  if (isSession && Array.isArray(merged)) return;
  throw new UnfitCallbackError(
    `It makes no ${kind} event: that holds a session with its stream and startedAt, and merged`,
  );
}
