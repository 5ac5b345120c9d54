import { outsideRequests } from './outside-requests.js';

/**
 * Runs steps one after the other, in the order in which they were asked for. Not as a chain of promises,
 * of which V8 keeps the links that have once grown old, and with each all that its step had at hand,
 * until the whole heap is collected.
 */
export class SerialQueue {
  private readonly waiting: (() => Promise<void>)[] = [];
  private isRunning = false;

  /** Resolves or rejects as the step does; a step that failed does not hold up the later ones. */
  run<T>(step: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push(async () => {
        try {
          resolve(await step());
        } catch (error) {
          reject(error);
        }
      });
      if (!this.isRunning) void outsideRequests(() => this.runAll());
    });
  }

  private async runAll(): Promise<void> {
    this.isRunning = true;
    // Not before the caller has gone on.
    await Promise.resolve();
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) await next();
    this.isRunning = false;
  }
}
