/**
 * Condition of the index of deliveries that are not done; a query uses that index by saying the same.
 *
 * Not `state <> 'done'`, which PostgreSQL finds in `state = 'pending'` too: it would then read all that
 * is pending where it is to look up one lane, for which there is an index of its own.
 */
export function isOpen(state: string): string {
  return `coalesce(${state}, '') <> 'done'`;
}

/**
 * Whether a delivery that is found by its key is pending. Not `state = 'pending'`, with which PostgreSQL
 * may search the index of lanes instead, where all of a listener's deliveries stand before that key. Nor in the words of {@link isOpen}, which
 * would follow from it.
 */
export function isPending(state: string): string {
  return `coalesce(${state}, 'done') = 'pending'`;
}
