/** Those who wait until nothing runs any more. */
export class IdleWaiters {
  private waiting: (() => void)[] = [];

  constructor(private readonly isIdle: () => boolean) {}

  wait(): Promise<void> {
    if (this.isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** To be called when something has ended. */
  tell(): void {
    if (this.waiting.length === 0) return;
    // Later, when the queue has taken note that the run has ended.
    setImmediate(() => {
      if (!this.isIdle()) return;
      for (const resolve of this.waiting.splice(0)) resolve();
    });
  }
}
