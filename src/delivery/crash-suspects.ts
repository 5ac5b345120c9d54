import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { SerialQueue } from '../common/serial.queue.js';
import { TimeScale } from '../common/time-scale.js';
import type { HeldDelivery } from './held-delivery.js';

/** The longest that a suspect waits for others, ms: a listener may take an hour. */
const WAIT_MS = 5_000;

/**
 * Keeps deliveries apart during whose attempts processes have ended. One that may end the process runs
 * alone among its like: the others are not to die with it, and what they came to is on record before it
 * starts. Those that may become its like run before it, so that it does not die with them again.
 */
@Injectable()
export class CrashSuspects {
  private readonly alone = new SerialQueue();
  /** Attempts at what another process has left behind once. */
  private readonly resumed = new Set<Promise<unknown>>();

  constructor(private readonly time: TimeScale) {}

  /** Runs an attempt when its turn has come. */
  run<T>(delivery: HeldDelivery, attempt: () => Promise<T>): Promise<T> {
    if (delivery.isSuspect) return this.alone.run(() => this.afterOthers(delivery, attempt));
    const { isResumed } = delivery;
    const running = attempt();
    if (isResumed) this.remember(running);
    return running;
  }

  private async afterOthers<T>(delivery: HeldDelivery, attempt: () => Promise<T>): Promise<T> {
    const cleared = new AbortController();
    await Promise.race([
      Promise.allSettled(this.resumed),
      sleep(this.time.real(WAIT_MS), undefined, { signal: cleared.signal, ref: false }).catch(
        () => {},
      ),
    ]);
    cleared.abort();
    const result = await attempt();
    await delivery.recorded;
    return result;
  }

  private remember(running: Promise<unknown>): void {
    this.resumed.add(running);
    const forget = () => void this.resumed.delete(running);
    running.then(forget, forget);
  }
}
