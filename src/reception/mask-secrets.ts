/** Keys whose values must not be written down. `stream_param` holds push credentials. */
const SECRET = /(\\*"(?:sign|t|stream_?param)\\*"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}\s]+)/gi;
/** Query strings of URLs hold credentials too. */
const QUERY = /\?[^"\\\s]+/g;
/** Anything that looks like a signature, wherever it stands, or like one that was cut off. */
const HEX_32 = /[0-9a-f]{32,}|[0-9a-f]+$/gi;

/** A piece of a body, fit for a log or a rejection row. */
export function maskSecrets(text: string): string {
  return text.replace(SECRET, '$1"***"').replace(QUERY, '?***').replace(HEX_32, '***');
}
