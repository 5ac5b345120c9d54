import { coercedFields } from './dto/coerced-fields.js';
import { fieldsOf, type DtoClass } from './dto/field.decorators.js';
import { isOfHost, type EventDefinition } from './event-definition.js';
import { oddityOf } from './payload/odd-body.js';
import type { JsonObject } from './payload/payload.js';

/** Neither belongs to the meaning of a callback. */
const PAIR: ReadonlySet<string> = new Set(['t', 'sign']);
/** Lines about one callback, at most. */
export const MAX_WARNINGS = 16;
const MAX_NAME_LENGTH = 64;
export const NONE: readonly string[] = Object.freeze([]);

/** What reading a payload left out. */
export function odditiesOf(dropped: readonly string[], isByContent: boolean): readonly string[] {
  const oddities = dropped.map((place) => `dropped: ${place}`);
  return isByContent ? [...oddities, 'identity-by-content'] : oddities;
}

/** Oddities of a payload that fits its DTO. */
export function warningsOn(
  definition: EventDefinition,
  payload: JsonObject,
  data: object,
  oddities: readonly string[],
): readonly string[] {
  if (isOfHost(definition)) return oddities;
  const known = namesOf(definition.dto);
  const warnings = [...oddities];
  for (const key in payload) {
    if (!known.has(key)) warnings.push(`unknown-field: ${key.slice(0, MAX_NAME_LENGTH)}`);
  }
  for (const place of coercedFields(data, payload)) warnings.push(`coerced: ${place}`);
  return warnings.length === 0 ? NONE : warnings.slice(0, MAX_WARNINGS);
}

/** With those of the text. */
export function withOddities(payload: JsonObject, others: readonly string[]): readonly string[] {
  const { warnings = NONE } = oddityOf(payload) ?? {};
  return warnings.length === 0 ? others : [...warnings, ...others].slice(0, MAX_WARNINGS);
}

const NAMES = new WeakMap<DtoClass, ReadonlySet<string>>();

/** Every spelling that a DTO declares, and the pair. */
function namesOf(dto: DtoClass): ReadonlySet<string> {
  let names = NAMES.get(dto);
  if (!names) {
    names = new Set([
      ...PAIR,
      ...fieldsOf(dto).flatMap(({ name, aliases = [] }) => [name, ...aliases]),
    ]);
    NAMES.set(dto, names);
  }
  return names;
}
