import type { EventCatalog } from '../../events/event-catalog.js';
import { fieldsOf } from '../../events/dto/field.decorators.js';
import type { JsonObject } from '../../events/payload/payload.js';
import { streamIdentityOf, textOf } from '../../events/stream-identity.js';
import type { BoundCallbackKey } from '../../options/live-callback.options.js';
import { CallbackRefusedError } from '../refusals/refusal.js';

const DOMAIN = ['app', 'domain'] as const;
const APP_ID = ['appid', 'appId'] as const;

/** @throws CallbackRefusedError for a payload that spells its domain in two ways that differ */
export function refuseAmbiguous(payload: JsonObject): void {
  const [first, second] = DOMAIN.map((name) => spelt(payload, name));
  if (first !== undefined && second !== undefined && first !== second) {
    throw new CallbackRefusedError('domain-ambiguous');
  }
}

/**
 * Whether a key may speak for a payload. A key that is bound to a domain speaks for no other, and
 * not for none where the kind documents one: the row would be of a stream that nobody vouches for.
 */
export function isFor(
  { domain, appId }: BoundCallbackKey,
  payload: JsonObject,
  catalog: EventCatalog,
): boolean {
  if (!agrees(payload, DOMAIN, domain) || !agrees(payload, APP_ID, appId)) return false;
  return (
    domain === undefined ||
    streamIdentityOf(payload).domain !== null ||
    !documentsDomain(payload, catalog)
  );
}

function documentsDomain(payload: JsonObject, catalog: EventCatalog): boolean {
  const definition = catalog.ofPayload(payload);
  return (
    definition !== undefined &&
    fieldsOf(definition.dto).some(({ name }) => DOMAIN.some((spelling) => spelling === name))
  );
}

/** Every spelling must agree: a DTO may read another one than the row does. */
function agrees(
  payload: JsonObject,
  spellings: readonly string[],
  bound: string | undefined,
): boolean {
  return (
    bound === undefined ||
    spellings.every((name) => [undefined, bound.toLowerCase()].includes(spelt(payload, name)))
  );
}

/** A value as it compares; undefined where there is none, empty where it is no text. */
function spelt(payload: JsonObject, name: string): string | undefined {
  const value = payload[name] ?? null;
  return value === null ? undefined : (textOf(value)?.toLowerCase() ?? '');
}
