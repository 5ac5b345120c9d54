/** Counts the calls of each action per second. */
export class RateLimiter {
  private readonly own = new Map<string, number>();
  private readonly highest = new Map<string, number>();
  private second = 0;
  private counts = new Map<string, number>();

  /** @param documented calls per second by action; actions that are not named have no limit */
  constructor(private readonly documented: Readonly<Record<string, number>>) {}

  /** The most calls of an action in one second so far, refused ones included. */
  peakOf(action: string): number {
    return this.highest.get(action) ?? 0;
  }

  /** Another limit for an action; undefined for the documented one. */
  set(action: string, perSecond: number | undefined): void {
    if (perSecond === undefined) this.own.delete(action);
    else this.own.set(action, perSecond);
  }

  clear(): void {
    this.own.clear();
    this.highest.clear();
  }

  /** Whether an action may run once more in this second. */
  admits(action: string, now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.second) {
      this.second = second;
      this.counts = new Map();
    }
    const count = (this.counts.get(action) ?? 0) + 1;
    this.counts.set(action, count);
    this.highest.set(action, Math.max(count, this.peakOf(action)));
    return count <= (this.own.get(action) ?? this.documented[action] ?? Infinity);
  }
}
