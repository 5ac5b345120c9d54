import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { Job, Queue, QueueOptions, Worker as BullWorker } from 'bullmq';

import { DeliveryPlacement, type DeliveryEngine, type WaitingDelivery } from '../bus/index.js';
import { toJob } from './delivery.job.js';
import { JobProcessor } from './job.processor.js';
import { JobProducer } from './job.producer.js';
import { LiveCallbackBullError } from './live-callback-bull.error.js';
import type { LiveCallbackBullConfig } from './live-callback-bull.options.js';
import { Worker } from './optional-packages.js';
import { workerConnection } from './redis.connections.js';
import { RedisOutage } from './redis.outage.js';

/** How long new rows are left to their jobs before a sweep may take them, ms. */
const GRACE_MS = 10_000;
/** How long the last jobs may take to be reported when the application stops, ms. */
const LAST_REPORTS_MS = 500;
/** What BullMQ says of a job that Redis has lost, or that somebody else has; the row knows better. */
const JOB_TROUBLE = /(lock|key|state) (for|of|is) .*job|renew lock|is not in the active state/i;

/**
 * Wakes workers by jobs. A job carries an id; the row decides: what Redis loses, repeats or never gets
 * is taken over by sweeps.
 */
export class BullEngine implements OnModuleInit {
  private readonly outage = new RedisOutage();
  private readonly producer: JobProducer;
  private readonly registrations = new Map<string, DeliveryPlacement>();
  private worker: BullWorker | undefined;
  private readonly active = new Set<Job>();
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
      this.registrations.set(placement.path, placement);
      placement.use(this.engineOf(placement));
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
  private engineOf({ path, runsListeners }: DeliveryPlacement): DeliveryEngine {
    const { outage, producer } = this;
    return {
      get graceMs() {
        return outage.lasts ? null : GRACE_MS;
      },
      wake: (deliveries: readonly WaitingDelivery[]) =>
        producer.add(deliveries.map((delivery) => toJob(delivery, path))),
      start: () => {
        if (runsListeners) this.startWorker();
      },
      stop: async () => {
        await this.worker?.pause(true);
      },
      close: () => (this.closing ??= this.close()),
    };
  }

  private startWorker(): void {
    if (this.worker) return;
    const { queue, concurrency } = this.config;
    const processor = new JobProcessor(queue, this.registrations);
    const worker = new Worker(queue, (job) => processor.process(job), {
      connection: workerConnection(this.shared.connection),
      prefix: this.shared.prefix,
      concurrency,
    });
    worker.on('error', (error) => this.report(error));
    worker.on('active', (job) => {
      this.active.add(job);
      this.outage.end();
    });
    worker.on('completed', (job) => this.active.delete(job));
    worker.on('failed', (job) => job && this.active.delete(job));
    this.worker = worker;
  }

  private report(error: Error): void {
    if (!this.closing && !JOB_TROUBLE.test(error.message)) this.outage.begin(error);
  }

  private async close(): Promise<void> {
    await Promise.all([this.producer.close(), this.reported()]);
    // Forced: a Redis that hangs would otherwise keep the connections open for ever.
    await this.worker?.close(true);
    await this.queue.getBackend().close(true);
  }

  /** Waits a little until Redis knows of the jobs that have ended. */
  private async reported(): Promise<void> {
    const until = performance.now() + LAST_REPORTS_MS;
    while (this.active.size > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
