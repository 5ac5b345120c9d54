import { UNKNOWN_KIND, type EventCatalog } from './event-catalog.js';
import { eventTypeOf } from './event-type.js';
import { bytesDigest } from './payload/callback-digest.js';
import type { JsonObject, UnreadableBody } from './payload/payload.js';
import { streamIdentityOf, textOf } from './stream-identity.js';

const REASONS = {
  'json-invalid':
    'json-invalid: the body is not JSON, as when its sender does not escape a text in it',
  'utf8-invalid': 'utf8-invalid: the body is not UTF-8',
};

/** What is known of an authentic callback whose body is not JSON: it is quarantined, and is its bytes. */
export function meaningOfUnreadable(
  { catalog, registration }: { catalog: EventCatalog; registration: string },
  payload: JsonObject,
  { bytes, reason }: UnreadableBody,
) {
  const digest = bytesDigest(registration, bytes);
  return {
    kind: catalog.ofPayload(payload)?.kind ?? UNKNOWN_KIND,
    state: 'quarantined' as const,
    eventType: eventTypeOf(payload['event_type']),
    data: payload,
    stream: streamIdentityOf(payload),
    sequence: textOf(payload['sequence']),
    occurredAt: null,
    contentDigest: digest,
    identityDigest: digest,
    warnings: [],
    errors: [REASONS[reason]],
    failure: undefined,
  };
}
