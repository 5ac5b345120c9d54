const MAX_LENGTH = 1000;

/** What was thrown, as one bounded line of well-formed text; listeners may throw anything. */
export function errorText(thrown: unknown): string {
  let text: string;
  try {
    text = thrown instanceof Error ? `${thrown.name}: ${messageOf(thrown)}` : String(thrown);
  } catch {
    text = 'a value that cannot be shown as text';
  }
  return toLine(text, MAX_LENGTH);
}

/** Node says of a refused connection only its code. */
function messageOf(error: NodeJS.ErrnoException): string {
  return error.message || (error.code ?? '');
}

/** Bounded, without control characters and lone surrogates: safe for logs and every database. */
export function toLine(text: string, maxLength: number): string {
  return text
    .slice(0, maxLength)
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ');
}
