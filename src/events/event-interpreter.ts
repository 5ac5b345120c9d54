import { Injectable } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';

import { contentDigest, identityDigest } from './callback-digest.js';
import { EventCatalog, UNKNOWN_KIND } from './event-catalog.js';
import type { EventDefinition } from './event-definition.js';
import { eventTypeOf } from './event-type.js';
import { fieldsOf, instantiate, readField, type Field } from './field.decorators.js';
import type { JsonObject } from './payload.js';
import { streamIdentityOf, textOf, type StreamIdentity } from './stream-identity.js';

/** What a stored callback is: typed, of an unknown `event_type`, or of a known one that does not fit. */
export type CallbackState = 'accepted' | 'unknown' | 'quarantined';

/** What an authentic payload turned out to mean. */
export interface Interpretation {
  readonly kind: string;
  readonly state: CallbackState;
  /** `event_type` as a number, where it is one. */
  readonly eventType: number | null;
  /** The DTO; the payload itself when the kind is unknown or the payload does not fit. */
  readonly data: object;
  readonly stream: StreamIdentity;
  readonly sequence: string | null;
  readonly occurredAt: Date | null;
  readonly contentDigest: string;
  readonly identityDigest: string;
  /** Oddities that did not prevent acceptance, such as `unknown-field: foo`. */
  readonly remarks: readonly string[];
  /** Why a quarantined payload does not fit, one line per field. */
  readonly errors: readonly string[];
}

/** Neither belongs to the meaning of a callback. */
const PAIR: ReadonlySet<string> = new Set(['t', 'sign']);
const MAX_REMARKS = 16;
const MAX_NAME_LENGTH = 64;
/** Last millisecond that a Date can hold. */
const MAX_DATE = 8.64e15;

/** Reads what an authentic payload means: its kind, its typed view, its identity. Never throws. */
@Injectable()
export class EventInterpreter {
  constructor(private readonly catalog: EventCatalog) {}

  interpret(payload: JsonObject): Interpretation {
    const definition = this.catalog.ofPayload(payload);
    const content = contentDigest(payload);
    const common = {
      eventType: eventTypeOf(payload['event_type']),
      stream: streamIdentityOf(payload),
      sequence: textOf(payload['sequence']),
      contentDigest: content,
      remarks: [] as readonly string[],
      errors: [] as readonly string[],
    };
    const untyped = { ...common, data: payload, occurredAt: null };
    if (!definition) {
      return {
        ...untyped,
        kind: UNKNOWN_KIND,
        state: 'unknown',
        identityDigest: identityDigest(UNKNOWN_KIND, [content]),
      };
    }
    const { kind } = definition;
    const fit = fitInto(definition, payload, content);
    if ('errors' in fit) {
      return {
        ...untyped,
        kind,
        state: 'quarantined',
        identityDigest: identityDigest(kind, [content]),
        errors: fit.errors.slice(0, MAX_REMARKS),
      };
    }
    return {
      ...common,
      kind,
      state: 'accepted',
      data: fit.data,
      occurredAt: toDate(fit.occurredAt),
      identityDigest: fit.identity,
      remarks: remarksOn(definition, payload),
    };
  }
}

type Fit =
  { data: object; occurredAt: number | undefined; identity: string } | { errors: string[] };

/** DTOs, transformations and definitions of hosts may throw; then the payload does not fit. */
function fitInto(definition: EventDefinition, payload: JsonObject, content: string): Fit {
  try {
    const data = definition.create?.(payload) ?? instantiate(definition.dto, payload);
    const errors = validateSync(data, { forbidUnknownValues: false, stopAtFirstError: true });
    if (errors.length > 0) return { errors: errors.flatMap((error) => errorLines(error)) };
    return {
      data,
      occurredAt: definition.occurredAt(data),
      identity: identityDigest(definition.kind, definition.identity(data) ?? [content]),
    };
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return { errors: [`${definition.dto.name} threw ${name} on this payload`] };
  }
}

function toDate(milliseconds: number | undefined): Date | null {
  if (typeof milliseconds !== 'number' || !(Math.abs(milliseconds) <= MAX_DATE)) return null;
  return new Date(milliseconds);
}

function remarksOn(definition: EventDefinition, payload: JsonObject): string[] {
  const fields = fieldsOf(definition.dto);
  if ('create' in definition) return []; // a DTO of the host: what it knows is not declared here
  const known = new Set(fields.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
  const unknown = Object.keys(payload).filter((key) => !known.has(key) && !PAIR.has(key));
  const drifted = fields.filter((field) => hasDrifted(field, payload));
  return [
    ...unknown.map((key) => `unknown-field: ${key.slice(0, MAX_NAME_LENGTH)}`),
    ...drifted.map(({ name }) => `drifted-type: ${name}`),
  ].slice(0, MAX_REMARKS);
}

/** Whether a field came in another type than documented and was coerced. */
function hasDrifted(field: Field, payload: JsonObject): boolean {
  const value = readField(payload, field);
  if (value === undefined || value === null || value === '') return false;
  const coerced = field.coerce(value);
  if (field.wire === 'array') return !Array.isArray(value);
  if (field.wire === undefined && typeof coerced === 'object') return false;
  return typeof value !== (field.wire ?? typeof coerced);
}

function errorLines(error: ValidationError, path = ''): string[] {
  const place = path + error.property;
  const own = Object.values(error.constraints ?? {}).map((text) =>
    path === '' ? text : `${path}${text}`,
  );
  const nested = (error.children ?? []).flatMap((child) => errorLines(child, `${place}.`));
  return [...own, ...nested].map((line) => line.slice(0, 200));
}
