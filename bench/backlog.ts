import { setTimeout as sleep } from 'node:timers/promises';

import type { BenchDatabase } from './database.js';
import { median } from './statistics.js';

/** Deliveries that waited while callbacks came in as fast as they could. */
export interface Backlog {
  /** Pending deliveries, counted every half second. */
  readonly samples: readonly number[];
  /** By how many the last third of the samples is above the first third. */
  readonly growth: number;
}

const SAMPLE_MS = 500;

/** Counts pending deliveries again and again until it is told to stop. */
export class BacklogSampler {
  private readonly samples: number[] = [];
  private isStopped = false;
  private readonly running: Promise<void>;

  constructor(private readonly database: BenchDatabase) {
    this.running = this.run();
  }

  async stop(): Promise<Backlog> {
    this.isStopped = true;
    await this.running;
    return { samples: this.samples, growth: growthOf(this.samples) };
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      await sleep(SAMPLE_MS);
      if (!this.isStopped) this.samples.push(await this.database.pending());
    }
  }
}

/** Medians of thirds, because single samples catch a batch in the middle. NaN: too few samples. */
export function growthOf(samples: readonly number[]): number {
  const third = Math.floor(samples.length / 3);
  if (third === 0) return NaN;
  return median(samples.slice(-third)) - median(samples.slice(0, third));
}
