/** Counts the calls of each action per second. */
export class RateLimiter {
  /** Calls per second and action; actions that are not named have no limit. */
  readonly limits = new Map<string, number>();
  private second = 0;
  private counts = new Map<string, number>();

  /** Whether an action may run once more in this second. */
  admits(action: string, now: number): boolean {
    const limit = this.limits.get(action);
    if (limit === undefined) return true;
    const second = Math.floor(now / 1000);
    if (second !== this.second) {
      this.second = second;
      this.counts = new Map();
    }
    const count = (this.counts.get(action) ?? 0) + 1;
    this.counts.set(action, count);
    return count <= limit;
  }
}
