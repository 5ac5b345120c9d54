import type { BatchEntry, NewCallback } from './sql/callback.writer.js';

/** An entry per content: a statement can meet each unique key once only. */
export function entriesOf(callbacks: readonly NewCallback[]): BatchEntry[] {
  const byContent = new Map<string, BatchEntry>();
  const identities = new Set<string>();
  for (const callback of callbacks) {
    const known = byContent.get(callback.contentDigest);
    byContent.set(
      callback.contentDigest,
      known
        ? { ...known, copies: known.copies + 1 }
        : { callback, copies: 1, conflictsInBatch: identities.has(callback.identityDigest) },
    );
    identities.add(callback.identityDigest);
  }
  return [...byContent.values()];
}
