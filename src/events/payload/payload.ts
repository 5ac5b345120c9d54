import sjson from 'secure-json-parse';

import { LiveCallbackError } from '../../common/live-callback.error.js';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  endOfNumber,
  endOfString,
  isDigit,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  ZERO,
} from './json-lexer.js';
import { countKeys, noteOddity } from './odd-body.js';

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object; integers beyond 2^53 appear as strings of their exact digits. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** How deep a callback body may nest. The deepest documented one has five levels. */
export const MAX_DEPTH = 32;

const PROBLEMS = {
  'utf8-invalid': 'The body of a callback must be UTF-8.',
  'json-invalid': 'The body of a callback must be JSON.',
  'json-not-object': 'The body of a callback must be a JSON object.',
  'json-too-deep': `The body of a callback must not nest deeper than ${MAX_DEPTH} levels.`,
};

/** Why a text is not a payload. */
export type PayloadErrorReason = keyof typeof PROBLEMS;

/** Thrown by {@link parsePayload} and {@link parseJson}. */
export class PayloadError extends LiveCallbackError {
  readonly code = 'payload-invalid';

  constructor(readonly reason: PayloadErrorReason) {
    super(PROBLEMS[reason]);
  }
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
 * Reads the text of a callback body: a JSON object, at most {@link MAX_DEPTH} deep, without loss.
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
const PLAIN_INTEGER = /^-?(?:0|[1-9]\d*)$/;
/** What may follow a value; sticky, so that it looks where the number ends. */
const AFTER_VALUE = /[ \t\r\n]*(?:[,\]}]|$)/y;
/** The shortest integer that may be unsafe has 16 digits. */
const UNSAFE_LENGTH = 16;

/** A text that `JSON.parse` takes without loss. */
interface Scan {
  readonly text: string;
  /** How many keys stand in it, at any level. */
  readonly keys: number;
  /** Whether each number is written as it is read. */
  readonly isPlain: boolean;
}

/**
 * One pass before `JSON.parse`, which is fast but overflows silently: bounds the depth, counts the
 * keys, and quotes integers that a double would round. It judges no syntax: what is not
 * JSON stays not JSON, and the parser refuses it.
 */
function scanJson(text: string): Scan {
  let keys = 0;
  let isPlain = true;
  let out = '';
  let copied = 0;
  let depth = 0;
  let previous = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) throw new PayloadError('json-too-deep');
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth--;
    } else if (code === COLON) {
      keys++;
    } else if (isDigit(code) || code === MINUS) {
      const end = endOfNumber(text, i);
      const isValue =
        previous === COLON || previous === COMMA || previous === OPEN_BRACKET || previous === 0;
      if (isValue && end - i >= UNSAFE_LENGTH && isUnsafeInteger(text, i, end)) {
        out += `${text.slice(copied, i)}"${text.slice(i, end)}"`;
        copied = end;
        isPlain = false;
      } else if (isPlain) isPlain = isWrittenAsRead(text, i, end);
      i = end - 1;
    }
    if (code > 0x20) previous = code;
  }
  return { text: copied === 0 ? text : out + text.slice(copied), keys, isPlain };
}

/** Whether a number has the text that its value would get. */
function isWrittenAsRead(text: string, start: number, end: number): boolean {
  const first = text.charCodeAt(start) === MINUS ? start + 1 : start;
  let isDigits =
    end - first < UNSAFE_LENGTH && (first === start || text.charCodeAt(first) !== ZERO);
  for (let i = first; isDigits && i < end; i++) isDigits = isDigit(text.charCodeAt(i));
  if (isDigits) return true;
  const lexeme = text.slice(start, end);
  return String(Number(lexeme)) === lexeme;
}

function isUnsafeInteger(text: string, start: number, end: number): boolean {
  const lexeme = text.slice(start, end);
  if (!PLAIN_INTEGER.test(lexeme) || Number.isSafeInteger(Number(lexeme))) return false;
  // A number in the place of a key is not JSON, and must not become JSON by being quoted.
  AFTER_VALUE.lastIndex = end;
  return AFTER_VALUE.test(text);
}
