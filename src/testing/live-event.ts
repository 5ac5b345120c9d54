import { randomUUID } from 'node:crypto';

import { DEFAULT_REGISTRATION } from '../common/registration-name.js';
import { EventCatalog } from '../events/event-catalog.js';
import { EventInterpreter } from '../events/event-interpreter.js';
import type { LiveEvent, LiveEventKind } from '../events/live-event.js';
import { parsePayload } from '../events/payload/payload.js';
import { toLiveEvent } from '../events/to-live-event.js';
import { UnfitCallbackError } from './unfit-callback.error.js';

/**
 * The event that a callback becomes, for `LiveEventBus.publish` or a direct call of a listener.
 *
 * @throws UnfitCallbackError when the callback is not of this kind or does not fit its DTO
 */
export function liveEventOf<K extends LiveEventKind>(kind: K, callback: object): LiveEvent<K> {
  const payload = parsePayload(JSON.stringify(callback)).value;
  const meaning = new EventInterpreter(new EventCatalog()).interpret(payload);
  if (meaning.kind !== kind || meaning.state === 'quarantined') {
    const problem = meaning.errors.join('; ') || `its kind is ${meaning.kind}`;
    throw new UnfitCallbackError(`The callback makes no ${kind} event: ${problem}`);
  }
  const facts = {
    id: randomUUID(),
    registration: DEFAULT_REGISTRATION,
    receivedAt: new Date(),
    attempt: 1,
    conflicting: false,
  };
  return toLiveEvent(facts, meaning, payload) as LiveEvent<K>;
}
