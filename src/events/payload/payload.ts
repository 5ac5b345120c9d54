import sjson from 'secure-json-parse';

import { scanJson } from './json-scan.js';
import { countKeys, noteOddity } from './odd-body.js';
import { PayloadError } from './payload.error.js';

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object; integers beyond 2^53 appear as strings of their exact digits. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** A callback body, read. */
export interface Payload {
  readonly value: JsonObject;
  /** Keys that stand more than once at the top level; JSON readers disagree on their meaning. */
  readonly repeatedKeys: ReadonlySet<string>;
  /** Set where the body is not JSON, and the value no more than could be read of it. */
  readonly unreadable?: UnreadableBody;
}

/** A body that is not JSON. */
export interface UnreadableBody {
  readonly bytes: Buffer;
  readonly reason: 'json-invalid' | 'utf8-invalid';
}

/**
 * Reads the text of a callback body: a JSON object, at most 32 levels deep, without loss.
 *
 * Integers that a double cannot hold become strings of their digits (`sequence` and `task_id` go
 * up to 2^64), and keys that could reach a prototype are left out of the value.
 *
 * @throws PayloadError
 */
export function parsePayload(text: string): Payload {
  const scan = scanJson(text);
  const value = parseScanned(scan.text);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new PayloadError('json-not-object');
  }
  const isWhole = scan.isPlain && countKeys(value) === scan.keys;
  return { value, repeatedKeys: isWhole ? NO_KEYS : noteOddity(value, withoutMark(text)) };
}

const NO_KEYS: ReadonlySet<string> = new Set();

/**
 * Reads any JSON text under the same rules, for the fields that carry JSON inside a string.
 *
 * @throws PayloadError
 */
export function parseJson(text: string): JsonValue {
  return parseScanned(scanJson(text).text);
}

function parseScanned(text: string): JsonValue {
  try {
    if (!mayReachPrototype(text)) return JSON.parse(withoutMark(text)) as JsonValue;
    return sjson.parse(text, undefined, {
      protoAction: 'remove',
      constructorAction: 'remove',
    }) as JsonValue;
  } catch {
    throw new PayloadError('json-invalid');
  }
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

/** Whether a key may, as it stands or written with escapes. Cheaper than to look for such keys. */
function mayReachPrototype(text: string): boolean {
  return text.includes('\\') || text.includes('__proto__') || text.includes('constructor');
}

const BYTE_ORDER_MARK = 0xfeff;
