import { setTimeout as delay } from 'node:timers/promises';

/** Time, and waiting for it. */
export interface Pace {
  /** Unix milliseconds. */
  now(): number;
  /** Resolves so many milliseconds later; rejects when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The time of the machine; a wait keeps no process alive. */
export const SYSTEM_PACE: Pace = {
  now: Date.now,
  sleep: (ms, signal) => delay(ms, undefined, { ref: false, signal }),
};

/** Lets through so many calls per second, those of a second at once. */
export class TokenBucket {
  private tokens: number;
  private filledAt: number;

  /** @param perSecond above 0 */
  constructor(
    private readonly perSecond: number,
    private readonly pace: Pace,
  ) {
    this.tokens = this.capacity;
    this.filledAt = pace.now();
  }

  /** Resolves when a call may be made; they wait in the order in which they came. */
  async take(signal?: AbortSignal): Promise<void> {
    const now = this.pace.now();
    // A clock that is set back gives nothing, and takes nothing.
    const gained = (Math.max(0, now - this.filledAt) / 1000) * this.perSecond;
    this.tokens = Math.min(this.capacity, this.tokens + gained) - 1;
    this.filledAt = now;
    if (this.tokens >= 0) return;
    await this.pace.sleep(Math.ceil((-this.tokens / this.perSecond) * 1000), signal);
  }

  private get capacity(): number {
    return Math.max(1, this.perSecond);
  }
}
