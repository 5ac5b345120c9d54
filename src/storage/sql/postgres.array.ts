type Element = string | number | boolean | null;

/**
 * An array as PostgreSQL reads it. The driver would write it too, but by adding value after value to a
 * text, which makes a quarter of all the garbage on the way of a callback.
 */
export function arrayOf<T>(rows: readonly T[], read: (row: T) => Element): string {
  return `{${rows.map((row) => element(read(row))).join(',')}}`;
}

/** The same of values that need no quotes: numbers, flags, ids and digests. */
export function plainArrayOf<T>(rows: readonly T[], read: (row: T) => Element): string {
  return `{${rows.map((row) => read(row) ?? 'NULL').join(',')}}`;
}

/** What JSON writes as an escape that means something else to PostgreSQL: control characters, lone surrogates. */
const SPECIAL = /[\p{Cc}\p{Cs}]/u;

function element(value: Element): string | number | boolean {
  if (value === null) return 'NULL';
  if (typeof value !== 'string') return value;
  if (!value.includes('"') && !value.includes('\\')) return `"${value}"`;
  // As JSON escapes quotes and backslashes, and that at one go.
  if (!SPECIAL.test(value)) return JSON.stringify(value);
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
