/** JSON, or the text itself; an integer that JavaScript would round stays text. */
export function parseValue(given: string): unknown {
  if (/^-?\d+$/.test(given) && !Number.isSafeInteger(Number(given))) return given;
  try {
    return JSON.parse(given) as unknown;
  } catch {
    return given; // not JSON, so text
  }
}
