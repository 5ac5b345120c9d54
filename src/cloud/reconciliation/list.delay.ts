import type { EndedPush } from '../reading/cloud.rows.js';
import { keyOf } from './known.pushes.js';

const MINUTE_MS = 60_000;
const FIRST_MS = 15 * MINUTE_MS;
const LEAST_MS = 5 * MINUTE_MS;
/** Longer than any stretch that is read. */
const REMEMBERED_MS = 72 * 60 * MINUTE_MS;
const MOST_MS = 120 * MINUTE_MS;
/** Delays that are remembered, the latest. */
const SAMPLES = 1_000;
/** Fewer say nothing about the slowest of a hundred. */
const ENOUGH = 100;

/**
 * How late the event list is to know of an end, which no document says: as long as nobody knows, a quarter of an
 * hour; then twice what all but one of a hundred took, from five minutes to two hours.
 */
export class ListDelay {
  private readonly known = new Map<string, number>();
  private samples: number[] = [];
  private readonly begun = new Set<string>();

  get ms(): number {
    if (this.samples.length < ENOUGH) return FIRST_MS;
    const sorted = this.samples.toSorted((a, b) => a - b);
    const slow = sorted[Math.floor(sorted.length * 0.99)] ?? FIRST_MS;
    return Math.min(Math.max(2 * slow, LEAST_MS), MOST_MS);
  }

  /** Rows of a whole list, and when it was read. Of those in the first one nobody knows when they came. */
  note(domain: string, rows: readonly EndedPush[], now: number): void {
    const isFirst = !this.begun.has(domain);
    this.begun.add(domain);
    for (const row of rows) {
      const key = `${row.startedAt} ${keyOf(row)}`;
      if (this.known.has(key)) continue;
      this.known.set(key, row.endedAt);
      if (!isFirst) this.samples.push(now - row.endedAt);
    }
    this.samples = this.samples.slice(-SAMPLES);
    for (const [key, endedAt] of this.known) {
      if (endedAt < now - REMEMBERED_MS) this.known.delete(key);
    }
  }
}
