/**
 * Condition of the index of deliveries that are not done; a query uses that index by saying the same.
 *
 * Not `state <> 'done'`, which PostgreSQL finds in `state = 'pending'` too: it would then read all that
 * is pending where it is to look up one lane, for which there is an index of its own.
 */
export function isOpen(state: string): string {
  return `coalesce(${state}, '') <> 'done'`;
}
