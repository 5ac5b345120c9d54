import type { JsonObject, JsonValue, Payload } from './payload.js';

/** What says whether a callback is authentic, and what it is about. */
const WANTED = new Set([
  't',
  'sign',
  'event_type',
  'app',
  'domain',
  'appname',
  'path',
  'appid',
  'appId',
  'stream_id',
  'streamId',
  'task_id',
  'sequence',
]);

/** ASCII without escapes. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** A wanted key with each letter written as an escape. */
const LONGEST_KEY = 6 * 'event_type'.length;

/** Either part of a pair, as the sender writes it as a text. */
const PART = /"(?:\d{10}|[0-9a-f]{32})"/y;

/** Byte order marks and white space, up to the object. */
const HEAD = /^(?:\xef\xbb\xbf)*[\0- ]*\{/;

/**
 * What can be read of a body that is not JSON, because its sender did not escape a text in it, wrote bytes
 * that are not UTF-8, or went on after its end: the members of the top level that are plain values. One
 * that stands there and cannot be read is null. One pass over the body, which judges no syntax: a quote
 * closes a text only where a text can end.
 *
 * @returns null where nothing of that can be read
 */
export function salvagePayload(body: Buffer): Payload | null {
  const text = body.toString('latin1'); // a character per byte; what is searched for is ASCII
  const value: JsonObject = Object.create(null) as JsonObject;
  const repeatedKeys = new Set<string>();
  const [head] = HEAD.exec(text) ?? [];
  if (head === undefined) return null;
  for (let at = head.length; at < text.length;) {
    at = skip(text, at);
    if (text[at] === '}') break;
    if (text[at] !== '"') {
      at = nextMember(text, at);
      continue;
    }
    const end = endOfText(text, at);
    const colon = skip(text, end);
    if (text[colon] !== ':') {
      at = nextMember(text, end);
      continue;
    }
    const key = keyIn(text, at, end);
    const from = skip(text, colon + 1);
    const to = endOfPart(text, from) || endOfValue(text, from);
    at = nextMember(text, to);
    if (!WANTED.has(key)) continue;
    if (key in value) {
      repeatedKeys.add(key);
      break; // in doubt, and with that refused
    }
    value[key] = valueIn(text, from, to);
  }
  return Object.keys(value).length === 0 ? null : { value: { ...value }, repeatedKeys };
}

/** White space, and control characters that do not belong there. */
function skip(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** Behind the quote that closes the text which opens at `from`. */
function endOfText(text: string, from: number, closers = ',:}]'): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') {
      const next = skip(text, at + 1);
      if (next >= text.length || closers.includes(text[next]!)) return at + 1;
      // The white space is looked at once, however many quotes there are.
      at = next - 1;
    }
  }
  return text.length;
}

/** Behind a `t` or a `sign`, whatever follows; 0 where there is none. */
function endOfPart(text: string, from: number): number {
  PART.lastIndex = from;
  return PART.test(text) ? PART.lastIndex : 0;
}

function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfText(text, from, ',}]');
  let at = from;
  while (at < text.length && text.charCodeAt(at) > 0x20 && !',}{[]"'.includes(text[at]!)) at++;
  return at;
}

/** At the next text of the same level, behind its next comma, or at the end of the object. */
function nextMember(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"' && depth === 0) return at;
    if (character === '"') at = endOfText(text, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' && depth === 0) return at;
    else if (character === '}' || character === ']') depth = Math.max(0, depth - 1);
    else if (character === ',' && depth === 0) return at + 1;
  }
  return text.length;
}

/** A key that may be wanted, read; others as they stand, for a stranger's body may have very many. */
function keyIn(text: string, from: number, to: number): string {
  const raw = text.slice(from + 1, to - 1);
  return raw.length <= LONGEST_KEY && raw.includes('\\') ? textIn(text, from, to) : raw;
}

/** A text or an integer; null for all else. */
function valueIn(text: string, from: number, to: number): JsonValue {
  if (text[from] === '"') return textIn(text, from, to);
  const bare = text.slice(from, to);
  if (!/^-?(0|[1-9]\d{0,39})$/.test(bare)) return null;
  return Number.isSafeInteger(Number(bare)) ? Number(bare) : bare;
}

/** As JSON reads it, or as it stands there. */
function textIn(text: string, from: number, to: number): string {
  const plain = text.slice(from + 1, to - 1);
  if (PLAIN.test(plain)) return plain;
  const quoted = Buffer.from(text.slice(from, to), 'latin1').toString();
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1);
  }
}
