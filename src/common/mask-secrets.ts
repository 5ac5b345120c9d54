const MASK = '***';
/** Keys whose values must not be written down. `stream_param` holds push credentials. */
const BODY_KEYS = /^(?:sign|t|stream_?param)$/i;
const STREAM_PARAM = /^stream_?param$/i;
/** A text of that name behind a quote that its sender did not escape, up to where a text can end. */
const LOOSE_PARAM = /("stream_?param"\s*:\s*)"[^]*?(?:"(?=\s*[,}\]])|$)/gi;
/** Secrets in query strings, those of push URLs included: `txSecret=`, `auth_key=`, `token=`. */
const IN_QUERY = /((?:secret|token|sign|signature|key|password)(?:=|%3d|\\u003d))[^&\s"'\\|;]+/gi;
/** Password of a URL. */
const IN_URL = /(\w:\/\/[^/\s:@"]*:)[^/\s@"]+(?=@)/g;
/** JSON in a string in JSON, and so on; what lies deeper is masked as a whole. */
const DEEPEST = 4;

/**
 * A JSON text, or a piece of one, without its secrets: `sign`, `t` and `stream_param` wherever they stand
 * and however they are escaped, credentials in query strings, passwords of URLs. The rest stays byte for
 * byte, also where it is no JSON. Takes time in proportion to the text, which strangers may have written.
 *
 * @param keys names of the values that are masked as a whole
 */
export function maskSecrets(text: string, keys = BODY_KEYS): string {
  const masked = maskStrings(text, { keys, inText: maskCredentials }, DEEPEST);
  return maskCredentials(masked.replace(LOOSE_PARAM, `$1"${MASK}"`));
}

/** A JSON text, or a piece of one, with the values of `stream_param` masked and nothing else. */
export function maskStreamParam(text: string): string {
  const masked = maskStrings(text, { keys: STREAM_PARAM, inText: (it) => it }, DEEPEST);
  return masked.replace(LOOSE_PARAM, `$1"${MASK}"`);
}

/** What is masked: values by their keys, and what within texts. */
interface Masking {
  readonly keys: RegExp;
  readonly inText: (text: string) => string;
}

function maskCredentials(text: string): string {
  return text.replace(IN_QUERY, `$1${MASK}`).replace(IN_URL, `$1${MASK}`);
}

/** Query strings hold credentials that no name tells. */
const QUERY = /\?[^"\\\s]+/g;
/** Anything that looks like a signature, wherever it stands, or like one that was cut off. */
const HEX_32 = /[0-9a-f]{32,}|[0-9a-f]+$/gi;

/** The beginning of a body that nobody has proved genuine, fit for a log or a rejection row. */
export function maskExcerpt(text: string): string {
  return maskSecrets(text).replace(QUERY, `?${MASK}`).replace(HEX_32, MASK);
}

function maskStrings(text: string, masking: Masking, depth: number): string {
  const parts: string[] = [];
  let copied = 0;
  let end: number;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', end)) {
    end = endOfString(text, at);
    const literal = text.slice(at, end);
    const colon = skipSpace(text, end);
    if (text[colon] === ':' && masking.keys.test(decode(literal))) {
      const value = skipSpace(text, colon + 1);
      parts.push(text.slice(copied, value), `"${MASK}"`);
      copied = end = endOfValue(text, value);
    } else if (literal.includes('\\')) {
      const masked = maskString(literal, masking, depth);
      if (masked === literal) continue;
      parts.push(text.slice(copied, at), masked);
      copied = end;
    }
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(copied);
}

/** A literal with escapes, written anew only where it holds a secret; others are as plain as any text. */
function maskString(literal: string, masking: Masking, depth: number): string {
  const text = decode(literal);
  const hasStrings = text.includes('"');
  if (hasStrings && depth === 0) return `"${MASK}"`;
  const masked = masking.inText(hasStrings ? maskStrings(text, masking, depth - 1) : text);
  return masked === text ? literal : JSON.stringify(masked);
}

/** What a literal says; one that is cut off or no JSON, as it stands. */
function decode(literal: string): string {
  if (!literal.includes('\\')) return literal.replaceAll('"', '');
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal.slice(1).replaceAll('\\"', '"');
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const one = text[at] as string;
    if (one === '"') {
      at = endOfString(text, at) - 1;
      if (depth === 0) return at + 1;
    } else if (one === '{' || one === '[') depth++;
    else if (depth === 0 && (one === ',' || one === '}' || one === ']' || one <= ' ')) return at;
    else if ((one === '}' || one === ']') && --depth === 0) return at + 1;
  }
  return text.length;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && (text[at] as string) <= ' ') at++;
  return at;
}
