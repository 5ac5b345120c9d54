/**
 * Of these each stream has some, so that a page of them is found without an index. They stand in the condition
 * of an index: who changes them changes the migration.
 */
const COMMON_KINDS: readonly string[] = ['stream-push', 'stream-interrupt', 'screenshot'];

/** Whether the index of kinds holds a kind, where the database has partial indexes. */
export function isRareKind(kind: string): boolean {
  return !COMMON_KINDS.includes(kind);
}

/** Condition of that index; a query uses the index by saying the same. */
export function isOfRareKind(column: string): string {
  return `${column} NOT IN (${COMMON_KINDS.map((kind) => `'${kind}'`).join(', ')})`;
}
