import { percentile } from '../statistics.js';
import type { Latency } from './load.order.js';

const FIRST_SIZE = 1 << 16;

/** Durations in milliseconds, kept whole: percentiles are exact. */
export class Latencies {
  private values = new Float64Array(FIRST_SIZE);
  private size = 0;

  add(milliseconds: number): void {
    if (this.size === this.values.length) {
      const larger = new Float64Array(this.size * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.size++] = milliseconds;
  }

  summary(): Latency {
    const sorted = this.values.subarray(0, this.size).toSorted();
    const at = (share: number) => percentile(sorted, share);
    return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
  }
}
