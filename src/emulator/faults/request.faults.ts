import { fieldsOf } from '../../events/dto/field.decorators.js';
import { EventCatalog } from '../../events/event-catalog.js';
import type { CallbackFields } from '../../testing/callback-fields.js';
import { signatureOf } from '../../testing/sign-callback.js';

/** `t` and `sign`. */
export interface SignaturePair {
  readonly t: number | string;
  readonly sign: string;
}

/** What a fault changes on the way from a callback to a request. */
export interface RequestFault {
  /** The fields, before they are signed. */
  fields?(fields: CallbackFields, kind: string): CallbackFields;
  /** The pair. */
  pair?(pair: SignaturePair, key: string): SignaturePair;
  /** The finished body. */
  body?(text: string): string;
  /** Instead of `application/json`. */
  readonly contentType?: string;
}

/** Longer than any grace that a receiver can be given, seconds. */
const LONG_AGO = 2 * 3_600;
/** What tells whose callback it is; a sender does not leave it out. */
const IDENTITY: ReadonlySet<string> = new Set([
  'appid',
  'app',
  'appname',
  'domain',
  'path',
  'sequence',
  'event_time',
]);
const catalog = new EventCatalog();

/** The faults of single requests. */
export const REQUEST_FAULTS = {
  /** Signed with another key. */
  'wrong-sign': {
    pair: ({ t }, key) => ({ t, sign: signatureOf(`${key}x`, t) }),
  },
  /** Rightly signed, long ago. */
  'stale-sign': {
    pair: ({ t }, key) => {
      const expired = Number(t) - LONG_AGO;
      return { t: expired, sign: signatureOf(key, expired) };
    },
  },
  /** Hexadecimal digits in upper case. */
  'upper-case-sign': {
    pair: ({ t, sign }) => ({ t, sign: sign.toUpperCase() }),
  },
  /** Numbers come as text, short numeric texts as numbers, and lists of one number bare. */
  'drifted-types': {
    fields: (fields) =>
      Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, drift(value)])),
    pair: ({ t, sign }) => ({ t: String(t), sign }),
  },
  /** Fields that no document lists. */
  'extra-fields': {
    fields: (fields) => ({ ...fields, trace_id: 'a1b2c3', ext: { region: 'ap-1', tags: [1, 2] } }),
  },
  /** Without the fields that the documents do not promise. */
  'missing-fields': {
    fields: (fields, kind) => {
      const definition = catalog.ofKind(kind);
      if (!definition) return fields;
      const mayBeMissing = new Set(
        fieldsOf(definition.dto)
          .filter(({ name, optional, about }) => (optional ?? !about) && !IDENTITY.has(name))
          .flatMap(({ name, aliases = [] }) => [name, ...aliases]),
      );
      return Object.fromEntries(Object.entries(fields).filter(([name]) => !mayBeMissing.has(name)));
    },
  },
  /** `\/` instead of `/`, as PHP writes JSON. */
  'escaped-slashes': {
    body: (text) => text.replaceAll('/', String.raw`\/`),
  },
  /** A newline after the body. */
  'trailing-newline': {
    body: (text) => `${text}\n`,
  },
  /** The body is JSON, the header says a form. */
  'wrong-content-type': { contentType: 'application/x-www-form-urlencoded' },
} as const satisfies Record<string, RequestFault>;

/** A fault of {@link REQUEST_FAULTS}. */
export type RequestFaultName = keyof typeof REQUEST_FAULTS;

/** The request faults among some names. */
export function requestFaultsOf(names: readonly string[]): readonly RequestFault[] {
  return names.flatMap((name) =>
    Object.hasOwn(REQUEST_FAULTS, name) ? [REQUEST_FAULTS[name as RequestFaultName]] : [],
  );
}

function drift(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && /^[1-9]\d{0,14}$/.test(value)) return Number(value);
  const isOneNumber = Array.isArray(value) && value.length === 1 && typeof value[0] === 'number';
  return isOneNumber ? value[0] : value;
}
