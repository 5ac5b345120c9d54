import type { Queue } from 'bullmq';

import { withTimeout } from '../common/with-timeout.js';
import type { DeliveryJob } from './delivery.job.js';
import type { RedisOutage } from './redis.outage.js';

/** How long Redis may take to answer before it counts as away, ms. */
const DEADLINE_MS = 2_000;
/** Jobs that wait for those before them, at most. */
const MAX_WAITING = 10_000;
/** How long the last jobs may take when the application stops, ms. */
const LAST_JOBS_MS = 500;

/**
 * Adds jobs behind the answers to CSS: nobody waits for it, and it forgets what Redis does not take. While
 * some are added the next ones gather, one of each ordering key.
 */
export class JobProducer {
  private readonly waiting = new Map<string, DeliveryJob>();
  private sending: Promise<void> | undefined;
  private isClosed = false;

  constructor(
    private readonly queue: Queue,
    private readonly outage: RedisOutage,
  ) {}

  add(jobs: readonly DeliveryJob[]): void {
    if (this.isClosed) return;
    // While Redis is away one bulk at a time tries, and nothing gathers behind it.
    if (this.sending && (this.outage.lasts || this.waiting.size >= MAX_WAITING)) {
      this.outage.begin(new Error('too many jobs wait for an answer'), jobs.length);
      return;
    }
    for (const job of jobs) this.waiting.set(job.opts.deduplication.id, job);
    this.sending ??= this.sendWaiting();
  }

  /** Waits a little for what is on its way. */
  async close(): Promise<void> {
    this.isClosed = true;
    await answered(Promise.resolve(this.sending), LAST_JOBS_MS).catch(() => {});
  }

  private async sendWaiting(): Promise<void> {
    // What is stored in the same transaction comes in the same turn.
    await Promise.resolve();
    while (this.waiting.size > 0) {
      const jobs = [...this.waiting.values()];
      this.waiting.clear();
      await this.send(jobs);
    }
    this.sending = undefined;
  }

  /** Resolves when Redis has answered, however late. */
  private async send(jobs: DeliveryJob[]): Promise<void> {
    const adding = this.queue.addBulk(jobs);
    try {
      await answered(adding, DEADLINE_MS);
      this.outage.end();
    } catch (error) {
      if (!this.isClosed) this.outage.begin(error, jobs.length + this.waiting.size);
      this.waiting.clear();
      await adding.catch(() => {});
    }
  }
}

function answered<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return withTimeout(work, milliseconds, () => new Error(`no answer within ${milliseconds} ms`));
}
