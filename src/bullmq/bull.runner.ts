import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { Job, Queue, QueueOptions, Worker as BullWorker } from 'bullmq';

import type { DeliveryRunner, WaitingDelivery } from '../delivery/delivery.runner.js';
import { DeliveryPlacement } from '../delivery/delivery.placement.js';
import { toJob } from './delivery.job.js';
import { JobProcessor } from './job.processor.js';
import { JobProducer } from './job.producer.js';
import { LiveCallbackBullError } from './live-callback-bull.error.js';
import type { LiveCallbackBullConfig } from './live-callback-bull.options.js';
import { WaitingError, Worker } from './optional-packages.js';
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
        await this.worker?.pause(true);
      },
      close: () => (this.closing ??= this.close()),
    };
  }

  private startWorker(): void {
    if (this.worker) return;
    const { queue, concurrency } = this.config;
    const processor = new JobProcessor(queue, this.registrations);
    const worker = new Worker(queue, (job, token) => this.process(processor, job, token), {
      connection: workerConnection(this.shared.connection),
      prefix: this.shared.prefix,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_MS,
    });
    worker.on('error', (error) => this.report(error));
    worker.on('active', () => this.outage.end());
    worker.on('completed', (job) => this.active.delete(job));
    worker.on('failed', (job) => job && this.active.delete(job));
    this.worker = worker;
  }

  private async process(processor: JobProcessor, job: Job, token?: string): Promise<string> {
    this.active.add(job);
    try {
      return await processor.process(job, token);
    } catch (error) {
      // Nothing tells of one that waits again.
      if (error instanceof WaitingError) this.active.delete(job);
      throw error;
    }
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
