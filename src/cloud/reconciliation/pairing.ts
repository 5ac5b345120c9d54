import { SAME_MS } from '../../events/push-beginning.js';
/** Anything that began. */
interface Begun {
  /** Unix milliseconds. */
  readonly startedAt: number;
}

/**
 * Which known push each row of a list tells of: that of the same stream which began at the same time. One row
 * for one push, the nearest first.
 *
 * @param rows of one stream
 * @param pushes of the same
 */
export function paired<R extends Begun, P extends Begun>(
  rows: readonly R[],
  pushes: readonly P[],
): ReadonlyMap<R, P> {
  const near = rows
    .flatMap((row) => pushes.map((push) => ({ row, push, gap: gapOf(row, push) })))
    .filter(({ gap }) => gap <= SAME_MS)
    .toSorted((one, other) => one.gap - other.gap);
  const pairs = new Map<R, P>();
  const taken = new Set<P>();
  for (const { row, push } of near) {
    if (pairs.has(row) || taken.has(push)) continue;
    pairs.set(row, push);
    taken.add(push);
  }
  return pairs;
}

function gapOf(row: Begun, push: Begun): number {
  return Math.abs(row.startedAt - push.startedAt);
}
