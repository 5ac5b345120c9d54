import { randomUUID } from 'node:crypto';

import {
  EventCatalog,
  EventInterpreter,
  parsePayload,
  toLiveEvent,
  type LiveEvent,
  type LiveEventKind,
} from '../events/index.js';

/**
 * The event that a callback becomes, for `LiveEventBus.publish` or a direct call of a listener.
 *
 * @throws Error when the callback is not of this kind or does not fit its DTO
 */
export function liveEventOf<K extends LiveEventKind>(kind: K, callback: object): LiveEvent<K> {
  const payload = parsePayload(JSON.stringify(callback)).value;
  const meaning = new EventInterpreter(new EventCatalog()).interpret(payload);
  if (meaning.kind !== kind || meaning.state === 'quarantined') {
    const problem = meaning.errors.join('; ') || `its kind is ${meaning.kind}`;
    throw new Error(`The callback makes no ${kind} event: ${problem}`);
  }
  const facts = { id: randomUUID(), receivedAt: new Date(), attempt: 1, variant: false };
  return toLiveEvent(facts, meaning, payload) as LiveEvent<K>;
}
