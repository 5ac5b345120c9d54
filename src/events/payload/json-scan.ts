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
import { MAX_DEPTH, PayloadError } from './payload.error.js';

const PLAIN_INTEGER = /^-?(?:0|[1-9]\d*)$/;
/** What may follow a value; sticky, so that it looks where the number ends. */
const AFTER_VALUE = /[ \t\r\n]*(?:[,\]}]|$)/y;
/** The shortest integer that may be unsafe has 16 digits. */
const UNSAFE_LENGTH = 16;

/** A text that `JSON.parse` takes without loss. */
export interface Scan {
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
export function scanJson(text: string): Scan {
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
