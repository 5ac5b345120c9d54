import { DEFAULT_REGISTRATION } from '../common/registration-name.js';
import { contentDigest, identityDigest } from './payload/callback-digest.js';
import { validateDto } from './dto/dto.validator.js';
import { EventCatalog, UNKNOWN_KIND } from './event-catalog.js';
import { isOfHost, type EventDefinition } from './event-definition.js';
import { eventTypeOf } from './event-type.js';
import { instantiate } from './dto/field.decorators.js';
import { dropUnfit, errorLines, errorsOnSubject } from './dto/unfit-fields.js';
import {
  MAX_WARNINGS,
  NONE,
  odditiesOf,
  warningsOn,
  withOddities,
} from './interpretation.warnings.js';
import { KindError } from './kind.error.js';
import type { JsonObject, UnreadableBody } from './payload/payload.js';
import { meaningOfUnreadable } from './unreadable.meaning.js';
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
  readonly warnings: readonly string[];
  /** Why a quarantined payload does not fit, one line per field. */
  readonly errors: readonly string[];
  /** Set when it could not be told whether the payload fits. */
  readonly failure: KindError | undefined;
}

/** Last millisecond that a Date can hold. */
const MAX_DATE = 8.64e15;

/** Reads what an authentic payload means: its kind, its typed view, its identity. Never throws. */
export class EventInterpreter {
  constructor(
    readonly catalog: EventCatalog,
    /** Name of the registration, of which all digests are made. */
    readonly registration = DEFAULT_REGISTRATION,
  ) {}

  /** @param unreadable the body, where it is not JSON and the payload what could be read of it */
  interpret(payload: JsonObject, unreadable?: UnreadableBody): Interpretation {
    if (unreadable) return meaningOfUnreadable(this, payload, unreadable);
    const definition = this.catalog.ofPayload(payload);
    const content = contentDigest(this.registration, payload);
    const fit = definition && fitInto(definition, payload, content, this.registration);
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
      identityDigest: isAccepted ? fit.identity : content,
      warnings: withOddities(
        payload,
        isAccepted && definition ? warningsOn(definition, payload, fit.data, fit.oddities) : NONE,
      ),
      errors: fit === undefined || isAccepted ? NONE : fit.errors.slice(0, MAX_WARNINGS),
      failure: fit && 'failure' in fit ? fit.failure : undefined,
    };
  }
}

type Fit =
  | { data: object; occurredAt: number | undefined; identity: string; oddities: readonly string[] }
  | { errors: string[]; failure?: KindError };

/** DTOs, transformations and definitions of hosts may throw. */
function fitInto(
  definition: EventDefinition,
  payload: JsonObject,
  content: string,
  registration: string,
): Fit {
  try {
    const data = definition.create?.(payload) ?? instantiate(definition.dto, payload);
    const unfit = validateDto(data);
    const fatal = isOfHost(definition) ? unfit : errorsOnSubject(definition.dto, unfit);
    if (fatal.length > 0) return { errors: fatal.flatMap((error) => errorLines(error)) };
    const dropped = unfit.length === 0 ? NONE : dropUnfit(data, unfit);
    const natural = definition.identity(data);
    const isNatural = natural !== undefined && tellsApart(definition, natural);
    return {
      data,
      occurredAt: definition.occurredAt(data),
      identity: isNatural ? identityDigest(registration, definition.kind, natural) : content,
      oddities: odditiesOf(dropped, natural !== undefined && !isNatural),
    };
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    const dto = definition.dto.name;
    const failure = new KindError(dto, error);
    return { errors: [`${dto} threw ${name} on this payload`], failure };
  }
}

/** Not where a field says nothing: other events would have the same identity. */
function tellsApart(definition: EventDefinition, identity: readonly unknown[]): boolean {
  if (isOfHost(definition)) return identity.some(saysSomething);
  return identity.length > 0 && identity.every(saysSomething);
}

function saysSomething(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(saysSomething);
  return value !== undefined && value !== null && value !== '';
}

function toDate(milliseconds: number | undefined): Date | null {
  if (typeof milliseconds !== 'number' || !(Math.abs(milliseconds) <= MAX_DATE)) return null;
  return new Date(milliseconds);
}
