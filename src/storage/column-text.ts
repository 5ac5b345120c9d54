/** Longest name of a stream, its path or its domain that a column holds. */
export const NAME_LENGTH = 255;
/** Longest id of the sender's that a column holds. */
export const ID_LENGTH = 64;

/** Text that every database takes into an indexed column; the body keeps what was sent. */
export function columnText<T extends string | null>(text: T, maxLength: number): T {
  if (text === null) return text;
  return text.slice(0, maxLength).toWellFormed().replaceAll('\0', '\ufffd') as T;
}
