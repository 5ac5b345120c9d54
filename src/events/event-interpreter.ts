import { Injectable } from '@nestjs/common';
import type { ValidationError } from 'class-validator';

import { contentDigest, identityDigest } from './callback-digest.js';
import { validateDto } from './dto.validator.js';
import { EventCatalog, UNKNOWN_KIND } from './event-catalog.js';
import type { EventDefinition } from './event-definition.js';
import { eventTypeOf } from './event-type.js';
import { fieldsOf, instantiate, readField, type DtoClass, type Field } from './field.decorators.js';
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
const NONE: readonly string[] = Object.freeze([]);
/** Last millisecond that a Date can hold. */
const MAX_DATE = 8.64e15;

/** Reads what an authentic payload means: its kind, its typed view, its identity. Never throws. */
@Injectable()
export class EventInterpreter {
  constructor(private readonly catalog: EventCatalog) {}

  interpret(payload: JsonObject): Interpretation {
    const definition = this.catalog.ofPayload(payload);
    const content = contentDigest(payload);
    const fit = definition && fitInto(definition, payload, content);
    const isAccepted = fit !== undefined && 'data' in fit;
    const kind = definition?.kind ?? UNKNOWN_KIND;
    // One literal, and nothing spread into it: that would cost more than all the rest.
    return {
      kind,
      state: isAccepted ? 'accepted' : definition ? 'quarantined' : 'unknown',
      eventType: eventTypeOf(payload['event_type']),
      data: isAccepted ? fit.data : payload,
      stream: streamIdentityOf(payload),
      sequence: textOf(payload['sequence']),
      occurredAt: isAccepted ? toDate(fit.occurredAt) : null,
      contentDigest: content,
      identityDigest: isAccepted ? fit.identity : identityDigest(kind, [content]),
      remarks: isAccepted && definition ? remarksOn(definition, payload) : NONE,
      errors: fit === undefined || isAccepted ? NONE : fit.errors.slice(0, MAX_REMARKS),
    };
  }
}

type Fit =
  { data: object; occurredAt: number | undefined; identity: string } | { errors: string[] };

/** DTOs, transformations and definitions of hosts may throw; then the payload does not fit. */
function fitInto(definition: EventDefinition, payload: JsonObject, content: string): Fit {
  try {
    const data = definition.create?.(payload) ?? instantiate(definition.dto, payload);
    const errors = validateDto(data);
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

function remarksOn(definition: EventDefinition, payload: JsonObject): readonly string[] {
  if ('create' in definition) return NONE; // a DTO of the host: what it knows is not declared here
  const known = namesOf(definition.dto);
  const remarks: string[] = [];
  for (const key in payload) {
    if (!known.has(key)) remarks.push(`unknown-field: ${key.slice(0, MAX_NAME_LENGTH)}`);
  }
  for (const field of fieldsOf(definition.dto)) {
    if (hasDrifted(field, payload)) remarks.push(`drifted-type: ${field.name}`);
  }
  return remarks.length === 0 ? NONE : remarks.slice(0, MAX_REMARKS);
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

/** Whether a field came in another type than documented and was coerced. */
function hasDrifted(field: Field, payload: JsonObject): boolean {
  const { wire } = field;
  if (wire === undefined) return false;
  const value = readField(payload, field);
  if (value === undefined || value === null || value === '') return false;
  return wire === 'array' ? !Array.isArray(value) : typeof value !== wire;
}

function errorLines(error: ValidationError, path = ''): string[] {
  const place = path + error.property;
  const own = Object.values(error.constraints ?? {}).map((text) =>
    path === '' ? text : `${path}${text}`,
  );
  const nested = (error.children ?? []).flatMap((child) => errorLines(child, `${place}.`));
  return [...own, ...nested].map((line) => line.slice(0, 200));
}
