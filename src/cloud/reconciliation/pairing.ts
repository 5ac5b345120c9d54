import { SAME_MS } from '../../sessions/session.state.js';
import type { KnownPush } from './known.pushes.js';

/**
 * Which known push each row of a list tells of: that of the same stream which began at the same time. One row
 * for one push, the nearest first.
 *
 * @param rows of one stream
 * @param pushes of the same
 */
export function paired<R extends { readonly startedAt: number }>(
  rows: readonly R[],
  pushes: readonly KnownPush[],
): ReadonlyMap<R, KnownPush> {
  const near = rows
    .flatMap((row) => pushes.map((push) => ({ row, push, gap: gapOf(row, push) })))
    .filter(({ gap }) => gap <= SAME_MS)
    .toSorted((one, other) => one.gap - other.gap);
  const pairs = new Map<R, KnownPush>();
  const taken = new Set<KnownPush>();
  for (const { row, push } of near) {
    if (pairs.has(row) || taken.has(push)) continue;
    pairs.set(row, push);
    taken.add(push);
  }
  return pairs;
}

function gapOf(row: { readonly startedAt: number }, push: KnownPush): number {
  return Math.abs(row.startedAt - push.startedAt);
}
