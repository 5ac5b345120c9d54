import sjson from 'secure-json-parse';

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object; integers beyond 2^53 appear as strings of their exact digits. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** How deep a callback body may nest. The deepest documented one has five levels. */
export const MAX_DEPTH = 32;

/** Why a text is not a payload. */
export type PayloadErrorReason = 'json-invalid' | 'json-not-object' | 'json-too-deep';

/** Thrown by {@link parsePayload} and {@link parseJson}. */
export class PayloadError extends Error {
  constructor(readonly reason: PayloadErrorReason) {
    super(reason);
    this.name = 'PayloadError';
  }
}

/** A callback body, read. */
export interface Payload {
  readonly value: JsonObject;
  /** Keys that stand more than once at the top level; JSON readers disagree on their meaning. */
  readonly repeatedKeys: ReadonlySet<string>;
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
  const isEachOnce = Object.keys(value).length === scan.topLevelKeys;
  return { value, repeatedKeys: isEachOnce ? NO_KEYS : repeatedKeysOf(text) };
}

const NO_KEYS: ReadonlySet<string> = new Set();

function repeatedKeysOf(text: string): ReadonlySet<string> {
  const keys = new Set<string>();
  const repeated = new Set<string>();
  scanJson(text, (quoted) => {
    const key = keyOf(quoted);
    if (keys.has(key)) repeated.add(key);
    keys.add(key);
  });
  return repeated;
}

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

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const UPPER_E = 0x45;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_E = 0x65;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BYTE_ORDER_MARK = 0xfeff;
const PLAIN_INTEGER = /^-?(?:0|[1-9]\d*)$/;
/** What may follow a value; sticky, so that it looks where the number ends. */
const AFTER_VALUE = /[ \t\r\n]*(?:[,\]}]|$)/y;
/** The shortest integer that may be unsafe has 16 digits. */
const UNSAFE_LENGTH = 16;

/** A text that `JSON.parse` takes without loss, and how many keys stand at its top level. */
interface Scan {
  readonly text: string;
  readonly topLevelKeys: number;
}

/**
 * One pass before `JSON.parse`, which is fast but overflows silently: bounds the depth, counts the
 * top-level keys, and quotes integers that a double would round. It judges no syntax: what is not
 * JSON stays not JSON, and the parser refuses it.
 *
 * @param onKey told each top-level key, in its quotes
 */
function scanJson(text: string, onKey?: (quoted: string) => void): Scan {
  let topLevelKeys = 0;
  let out = '';
  let copied = 0;
  let depth = 0;
  let expectKey = false;
  let previous = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = endOfString(text, i);
      if (depth === 1 && expectKey) {
        topLevelKeys++;
        onKey?.(text.slice(i, end + 1));
      }
      i = end;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) throw new PayloadError('json-too-deep');
      expectKey = code === OPEN_BRACE;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth--;
      expectKey = false;
    } else if (code === COMMA) {
      expectKey = true;
    } else if (code === COLON) {
      expectKey = false;
    } else if (isDigit(code) || code === MINUS) {
      const end = endOfNumber(text, i);
      const isValue =
        previous === COLON || previous === COMMA || previous === OPEN_BRACKET || previous === 0;
      if (isValue && end - i >= UNSAFE_LENGTH && isUnsafeInteger(text, i, end)) {
        out += `${text.slice(copied, i)}"${text.slice(i, end)}"`;
        copied = end;
      }
      i = end - 1;
    }
    if (code > 0x20) previous = code;
  }
  return { text: copied === 0 ? text : out + text.slice(copied), topLevelKeys };
}

/** A digit, or one of `.eE+-`. */
function isOfNumber(code: number): boolean {
  return (
    isDigit(code) ||
    code === POINT ||
    code === LOWER_E ||
    code === UPPER_E ||
    code === PLUS ||
    code === MINUS
  );
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Index of the closing quote, or of the last character when there is none. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i;
  }
  return text.length - 1;
}

function keyOf(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted; // not JSON: the parser refuses the whole text
  }
}

function endOfNumber(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && isOfNumber(text.charCodeAt(i))) i++;
  return i;
}

function isUnsafeInteger(text: string, start: number, end: number): boolean {
  const lexeme = text.slice(start, end);
  if (!PLAIN_INTEGER.test(lexeme) || Number.isSafeInteger(Number(lexeme))) return false;
  // A number in the place of a key is not JSON, and must not become JSON by being quoted.
  AFTER_VALUE.lastIndex = end;
  return AFTER_VALUE.test(text);
}
