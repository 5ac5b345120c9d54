import type { Queue } from 'bullmq';

import type { DeliveryJob } from './delivery.job.js';
import type { RedisOutage } from './redis.outage.js';

/** How long Redis may take to answer before it counts as away, ms. */
const DEADLINE_MS = 2_000;
/** Bulks that wait for an answer, at most; while Redis is away one at a time tries. */
const IN_FLIGHT = 64;
/** How long the last bulks may take when the application stops, ms. */
const LAST_BULKS_MS = 500;

/** Adds jobs behind the answers to CSS: nobody waits for it, and it forgets what Redis does not take. */
export class JobProducer {
  private readonly inFlight = new Set<Promise<unknown>>();
  private isClosed = false;

  constructor(
    private readonly queue: Queue,
    private readonly outage: RedisOutage,
  ) {}

  add(jobs: readonly DeliveryJob[]): void {
    if (this.isClosed) return;
    if (this.inFlight.size >= (this.outage.lasts ? 1 : IN_FLIGHT)) {
      this.outage.begin(new Error('too many jobs wait for an answer'), jobs.length);
      return;
    }
    void this.send([...jobs]);
  }

  /** Waits a little for what is on its way. */
  async close(): Promise<void> {
    this.isClosed = true;
    await withDeadline(Promise.allSettled(this.inFlight), LAST_BULKS_MS).catch(() => {});
  }

  private async send(jobs: DeliveryJob[]): Promise<void> {
    const adding = this.queue.addBulk(jobs);
    this.inFlight.add(adding);
    const forget = () => this.inFlight.delete(adding);
    // One that comes too late still takes up its place until then.
    adding.then(forget, forget);
    try {
      await withDeadline(adding, DEADLINE_MS);
      this.outage.end();
    } catch (error) {
      if (!this.isClosed) this.outage.begin(error, jobs.length);
    }
  }
}

function withDeadline<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no answer within ${milliseconds} ms`)),
      milliseconds,
    );
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
