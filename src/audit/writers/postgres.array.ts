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

function element(value: Element): string | number | boolean {
  if (value === null) return 'NULL';
  if (typeof value !== 'string') return value;
  const isPlain = !value.includes('"') && !value.includes('\\');
  // Twice through the text by a fixed pattern is twice as fast as once by a regular expression.
  return `"${isPlain ? value : value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
