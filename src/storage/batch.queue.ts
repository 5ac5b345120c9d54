import { setTimeout as sleep } from 'node:timers/promises';

import { outsideRequests } from '../common/outside-requests.js';
import type { BatchLimits } from './batch.limits.js';
import { StorageUnavailableError } from './storage.error.js';

/** How often it is looked at who has waited too long, ms. */
const WATCH_MS = 250;
interface Entry<T, R> {
  readonly item: T;
  readonly weight: number;
  readonly addedAt: number;
  isGivenUp: boolean;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/**
 * Group commit: while a batch is being written the next one gathers, so the more callers wait, the
 * fewer transactions each of them pays for. One batch at a time keeps their order.
 */
export class BatchQueue<T, R> {
  private waiting: Entry<T, R>[] = [];
  private writing: Entry<T, R>[] = [];
  private waitingWeight = 0;
  private running: Promise<void> | undefined;
  private sentAt = -Infinity;
  private endPause: () => void = () => {};

  /**
   * @param write stores a batch and resolves to a result per item
   * @param splits whether a batch that failed with this error is worth trying in halves
   * @param givenUp told when something that is being written is given up, and may come to be all the same
   */
  constructor(
    private readonly write: (items: T[]) => Promise<readonly R[]>,
    private readonly limits: BatchLimits,
    private readonly splits: (error: unknown) => boolean = () => false,
    private readonly givenUp: () => void = () => {},
  ) {}

  /**
   * Resolves when the item is written. It may be written even when this rejects, if that had begun.
   *
   * @throws StorageUnavailableError `storage-overloaded` when too many wait already, `storage-timeout`
   * when it is not known to be written by its deadline
   */
  add(item: T, weight = 0): Promise<R> {
    const isFull = this.waitingWeight + weight > this.limits.waitingWeight;
    if (isFull || this.waiting.length >= this.limits.waiting) {
      return Promise.reject(new StorageUnavailableError('storage-overloaded'));
    }
    return new Promise((resolve, reject) => {
      const addedAt = performance.now();
      this.waiting.push({ item, weight, addedAt, isGivenUp: false, resolve, reject });
      this.waitingWeight += weight;
      this.running ??= outsideRequests(() => this.run());
      if (this.waiting.length >= this.limits.enough) this.endPause();
    });
  }

  /** Resolves when nothing waits and nothing is being written. */
  async drained(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // What arrives in the same turn of the event loop joins the first batch.
    await new Promise(setImmediate);
    // One timer for all: one for each item would cost about as much as its share of the batch.
    const watch = setInterval(() => this.giveUpLate(), WATCH_MS).unref();
    while (this.waiting.length > 0) {
      await this.keepPace();
      this.writing = this.next();
      // All that waited has been given up meanwhile.
      if (this.writing.length === 0) break;
      const written = this.writeBatch(this.writing);
      // A driver that works at once has written by now, and nothing could be received meanwhile.
      this.sentAt = performance.now();
      await written;
    }
    clearInterval(watch);
    this.writing = [];
    this.running = undefined;
  }

  private giveUpLate(): void {
    const latest = performance.now() - this.limits.deadlineMs;
    const isInTime = ({ addedAt }: Entry<T, R>) => addedAt > latest;
    const late = this.waiting.findIndex(isInTime);
    const waited = this.take(late < 0 ? this.waiting.length : late);
    const begun = this.writing.filter((it) => !it.isGivenUp && !isInTime(it));
    if (begun.length > 0) this.givenUp();
    for (const entry of [...begun, ...waited]) {
      entry.isGivenUp = true;
      entry.reject(new StorageUnavailableError('storage-timeout'));
    }
  }

  private async keepPace(): Promise<void> {
    const left = this.sentAt + this.limits.paceMs - performance.now();
    if (left <= 0 || this.waiting.length >= this.limits.enough) return;
    // Not by aborting the timer, which costs an exception with its stack each time.
    await Promise.race([sleep(left), new Promise<void>((resolve) => (this.endPause = resolve))]);
  }

  private next(): Entry<T, R>[] {
    let count = 0;
    let weight = 0;
    for (const entry of this.waiting) {
      weight += entry.weight;
      if (count > 0 && (count >= this.limits.items || weight > this.limits.weight)) break;
      count++;
    }
    return this.take(count);
  }

  private take(count: number): Entry<T, R>[] {
    const taken = this.waiting.splice(0, count);
    for (const entry of taken) this.waitingWeight -= entry.weight;
    return taken;
  }

  private async writeBatch(batch: Entry<T, R>[]): Promise<void> {
    try {
      const results = await this.write(batch.map(({ item }) => item));
      batch.forEach((entry, index) => entry.resolve(results[index] as R));
    } catch (error) {
      if (batch.length > 1 && this.splits(error)) {
        // One bad row must not take its neighbours down.
        const half = batch.length >> 1;
        for (const part of [batch.slice(0, half), batch.slice(half)]) {
          const left = part.filter(({ isGivenUp }) => !isGivenUp);
          if (left.length > 0) await this.writeBatch(left);
        }
        return;
      }
      for (const entry of batch) entry.reject(error);
    }
  }
}
