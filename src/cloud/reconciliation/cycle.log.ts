import type { ComparisonCycle } from '../../sessions/session.comparison.js';
import type { Cycle } from './reconciler.js';

/** Half an hour of them. */
const KEPT = 30;

/** Remembers the latest cycles of this process. */
export class CycleLog {
  /** The latest first. */
  readonly latest: ComparisonCycle[] = [];
  private failures: string[] = [];

  /** Something went wrong in the cycle that is being made. */
  failed(text: string): void {
    this.failures.push(text);
  }

  /**
   * @param corrected how many facts were brought in so far
   * @param now Unix milliseconds
   */
  async record(
    work: () => Promise<Cycle>,
    corrected: () => number,
    now: () => number,
  ): Promise<Cycle> {
    const at = now();
    const before = corrected();
    this.failures = [];
    let cycle: Cycle | undefined;
    try {
      cycle = await work();
      return cycle;
    } finally {
      this.latest.unshift({
        at: new Date(at),
        tookMs: now() - at,
        isLeader: cycle?.isLeader ?? false,
        isWhole: cycle?.isWhole ?? false,
        corrections: corrected() - before,
        failures: this.failures,
      });
      this.latest.length = Math.min(this.latest.length, KEPT);
    }
  }
}
