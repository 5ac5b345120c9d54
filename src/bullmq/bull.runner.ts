import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { Queue, QueueOptions, Worker as BullWorker } from 'bullmq';

import { withTimeout } from '../common/with-timeout.js';
import type { DeliveryRunner, WaitingDelivery } from '../delivery/delivery.runner.js';
import { DeliveryPlacement } from '../delivery/delivery.placement.js';
import { toJob } from './delivery.job.js';
import { JobProcessor } from './job.processor.js';
import { JobProducer } from './job.producer.js';
import { LiveCallbackBullError } from './live-callback-bull.error.js';
import type { LiveCallbackBullConfig } from './live-callback-bull.options.js';
import { Worker } from './optional-packages.js';
import { workerConnection } from './redis.connections.js';
import { RedisOutage } from './redis.outage.js';

/** How long new rows are left to their jobs before a poll may take them, ms. */
const GRACE_MS = 10_000;
/** How long the last jobs may take to be reported when the application stops, ms. */
const LAST_REPORTS_MS = 500;
/** How long a job is held by a process that is dead before another has it, ms: about as long as its rows. */
const LOCK_MS = 10_000;
/** How often it is looked for those, ms. */
const STALLED_MS = 5_000;
/** What BullMQ says of a job that Redis has lost, or that somebody else has; the row knows better. */
const JOB_TROUBLE =
  /(lock|key|state) (mismatch )?(for|of|is) .*job|renew lock|is not in the active state/i;

/**
 * Wakes workers by jobs. A job names an ordering key; the rows decide: what Redis loses, repeats or never
 * gets is taken over by polls.
 */
export class BullRunner implements OnModuleInit {
  private readonly outage = new RedisOutage();
  private readonly producer: JobProducer;
  private readonly registrations = new Map<string, DeliveryPlacement>();
  private worker: BullWorker | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly queue: Queue,
    private readonly config: LiveCallbackBullConfig,
    private readonly shared: QueueOptions,
    private readonly modules: ModuleRef,
  ) {
    this.producer = new JobProducer(queue, this.outage);
    queue.on('error', (error) => this.report(error));
    queue.getBackend().on('ready', () => this.outage.end());
  }

  /** @throws LiveCallbackBullError when there is nothing to run */
  onModuleInit(): void {
    for (const placement of this.placements()) {
      if (this.registrations.has(placement.registration)) {
        throw new LiveCallbackBullError(
          `Two registrations of LiveCallbackModule are named "${placement.registration}", and a job of the queue could not tell them apart. Give each its own: forRoot({ name: "tenant-b", … }).`,
        );
      }
      this.registrations.set(placement.registration, placement);
      placement.use(this.runnerOf(placement));
    }
  }

  private placements(): DeliveryPlacement[] {
    try {
      return this.modules.get(DeliveryPlacement, { strict: false, each: true });
    } catch (cause) {
      throw new LiveCallbackBullError(
        'LiveCallbackBullModule runs the listeners of LiveCallbackModule, which is not imported: add LiveCallbackModule.forRoot({ … }) to the imports.',
        { cause },
      );
    }
  }

  /** Several registrations share one queue; a job says whose it is. */
  private runnerOf({ registration, runsListeners, keys }: DeliveryPlacement): DeliveryRunner {
    const { outage, producer } = this;
    return {
      takes: () => false,
      get graceMs() {
        return outage.lasts ? null : GRACE_MS;
      },
      wake: (deliveries: readonly WaitingDelivery[]) =>
        producer.add(deliveries.map((delivery) => toJob(delivery, registration))),
      start: () => {
        if (!runsListeners) return;
        keys.start();
        this.startWorker();
      },
      stop: async () => {
        keys.stop();
        // The worker ends once the jobs that it has are reported; `close` waits for that.
        this.worker?.close().catch((error: Error) => this.report(error));
      },
      close: () => (this.closing ??= this.close()),
    };
  }

  private startWorker(): void {
    if (this.worker) return;
    const { queue, concurrency } = this.config;
    const processor = new JobProcessor(queue, this.registrations);
    const worker = new Worker(queue, (job, token) => processor.process(job, token), {
      connection: workerConnection(this.shared.connection),
      prefix: this.shared.prefix,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_MS,
    });
    worker.on('error', (error) => this.report(error));
    worker.on('active', () => this.outage.end());
    this.worker = worker;
  }

  private report(error: Error): void {
    if (!this.closing && !JOB_TROUBLE.test(error.message)) this.outage.begin(error);
  }

  private async close(): Promise<void> {
    await Promise.all([this.producer.close(), this.closeWorker()]);
    await this.queue.getBackend().close(true);
  }

  /**
   * The worker ends by itself: a connection that ends before it would take along a job that Redis is just
   * giving to it. But a Redis that hangs would keep the connections open for ever.
   */
  private async closeWorker(): Promise<void> {
    const { worker } = this;
    if (!worker) return;
    try {
      await withTimeout(worker.close(), LAST_REPORTS_MS, () => new Error('no end'));
    } catch {
      // A farewell that was sent already would be waited for: its connection ends under it.
      void worker.disconnect().catch(() => {});
      await worker.getBackend().close(true);
    }
  }
}
