/** Keys of a listener whose first task waits for its next try, at most; others wait in the table. */
const MAX_PAUSES = 2_000;

/** The keys that wait until their first task is tried again. */
export class RetryPauses {
  private readonly timers = new Map<string, NodeJS.Timeout>();

  get count(): number {
    return this.timers.size;
  }

  get isFull(): boolean {
    return this.timers.size >= MAX_PAUSES;
  }

  /** @param milliseconds real ones */
  begin(key: string, milliseconds: number, ended: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(key);
      ended();
    }, milliseconds);
    this.timers.set(key, timer);
  }

  /** None of them is tried again. */
  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }
}
