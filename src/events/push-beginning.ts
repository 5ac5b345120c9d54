/** Kinds of callbacks that tell of one push. */
export const PUSH_KINDS = ['stream-push', 'stream-interrupt'] as const;

/** Begins the sequence of a push of which only lists of the cloud know, which say none; CSS sends none like it. */
const INVENTED = '~';

/** How far the beginning of a push may differ between a list and a callback, ms. */
export const SAME_MS = 3_000;

/** The sequence of a push of which only its beginning is known: the same push gets the same one. */
export function inventedSequence(startedAt: number): string {
  return `${INVENTED}${Math.floor(startedAt / 1000)}`;
}

/** The beginning that an invented sequence names, Unix milliseconds; null for one of CSS. */
export function inventedBeginning(sequence: string): number | null {
  return sequence.startsWith(INVENTED) ? Number(sequence.slice(1)) * 1000 : null;
}

/** When a push began, by its callback: an interruption says how long it has lasted. NaN where it does not. */
export function beginningOf(
  kind: string,
  occurredAt: number,
  { push_duration: duration }: { readonly push_duration?: unknown },
): number {
  return kind === 'stream-interrupt' ? occurredAt - Number(duration ?? Number.NaN) : occurredAt;
}
