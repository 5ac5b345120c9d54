import { EmulatorError } from './emulator.error.js';

/** Time of the emulated world: real, or virtual and advanced by hand. */
export interface EmulatorClock {
  /** Unix milliseconds. */
  now(): number;
  /**
   * Runs something later.
   *
   * @param run what it returns is part of its work: a virtual clock waits for it
   * @param ms from now; 0 means as soon as the time allows
   * @returns takes it back, if it has not run yet
   */
  setTimeout(run: () => void | Promise<void>, ms: number): () => void;
}

/** The time of the machine. */
export class SystemClock implements EmulatorClock {
  now(): number {
    return Date.now();
  }

  setTimeout(run: () => void | Promise<void>, ms: number): () => void {
    const timer = setTimeout(() => void run(), ms);
    return () => clearTimeout(timer);
  }
}

/** How a {@link VirtualClock} starts. */
export interface VirtualClockOptions {
  /** First time that it shows, Unix milliseconds. Default: the time of the machine. */
  startAt?: number;
  /**
   * How long one piece of work may keep the clock waiting, in real milliseconds. Work that takes
   * longer, such as a request that is not answered, goes on while the time does. Default: 5000.
   */
  patienceMs?: number;
}

interface Timer {
  readonly at: number;
  readonly run: () => void | Promise<void>;
}

/**
 * Time that stands still until it is advanced. Hours pass in seconds, and the work that falls due
 * meanwhile is done in order, real HTTP requests included.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock();
 * const emulator = new CssEmulator({ directory, clock });
 * emulator.pushStream({ domain: 'push.example.com', streamName: 'room' });
 * await clock.advance(60_000);
 * ```
 */
export class VirtualClock implements EmulatorClock {
  private time: number;
  private readonly patienceMs: number;
  private readonly timers = new Set<Timer>();
  private isAdvancing = false;

  constructor({ startAt = Date.now(), patienceMs = 5_000 }: VirtualClockOptions = {}) {
    this.time = startAt;
    this.patienceMs = patienceMs;
  }

  now(): number {
    return this.time;
  }

  setTimeout(run: () => void | Promise<void>, ms: number): () => void {
    const timer = { at: this.time + Math.max(ms, 0), run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /**
   * Lets time pass: runs what falls due, one after the other in the order of time, and waits for
   * the work of each before it goes on. `advance(0)` runs what is due now.
   *
   * @param ms how far
   * @throws EmulatorError when it is being advanced already; errors of the work come out as well
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new EmulatorError(`Time goes forward only: advance(${ms}).`);
    if (this.isAdvancing) {
      throw new EmulatorError('The clock is being advanced already: await the other call first.');
    }
    this.isAdvancing = true;
    try {
      const end = this.time + ms;
      for (let next = this.nextUntil(end); next; next = this.nextUntil(end)) {
        this.timers.delete(next);
        this.time = next.at;
        await this.waitFor(next.run());
      }
      this.time = end;
    } finally {
      this.isAdvancing = false;
    }
  }

  /** The earliest timer; of equal ones the oldest. */
  private nextUntil(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  }

  private async waitFor(work: void | Promise<void>): Promise<void> {
    if (!work) return;
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      patience = setTimeout(() => {
        void work.then(resolve); // nobody waits any more: an error of the work is nobody's, and loud
        resolve();
      }, this.patienceMs);
    });
    try {
      await Promise.race([work, enough]);
    } finally {
      clearTimeout(patience);
    }
  }
}
