/**
 * The application of the fault harness: receives callbacks, runs its listeners, keeps a journal of
 * them, and kills itself with SIGKILL at the point that it is told to.
 */
import 'reflect-metadata';

import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';

import { DeliveryStore } from '../../../src/storage/delivery.store.js';
import { TransactionRunner } from '../../../src/storage/transaction.runner.js';
import { LIVE_CALLBACK_ENTITIES, LiveCallbackModule } from '../../../src/index.js';
import { FaultEffect } from './entities.js';
import { Journal } from './journal.js';
import { arm, watchKillPoints, type KillPoint } from './kill-points.js';
import { FaultListeners } from './listeners.js';

/** What the harness tells the application. */
export interface ApplicationSettings {
  readonly database: DataSourceOptions;
  readonly key: string;
  /** Whether sessions are worked out. */
  readonly sessions: boolean;
  readonly port: number;
  /** Port of the Redis whose BullMQ runs the listeners; without one they run in process. */
  readonly redisPort?: number | undefined;
  /** File of the journal of this life. */
  readonly journal: string;
}

/** Notes when the outcome of a run is durable, and when its transaction was rolled back. */
function watchOutcomes(
  deliveries: DeliveryStore,
  transactions: TransactionRunner,
  journal: Journal,
): void {
  const settle = deliveries.settle.bind(deliveries);
  deliveries.settle = async (outcome) => {
    const run = journal.runOf(outcome.listener, outcome.callbackId);
    await settle(outcome);
    if (outcome.state === 'done') journal.recorded(run);
  };
  const transact = transactions.run.bind(transactions);
  transactions.run = async (lease, work) => {
    const latest = () => journal.runOf(lease.listener, lease.callbackId);
    const before = latest();
    try {
      await transact(lease, work);
    } catch (error) {
      const run = latest();
      // A listener that failed by itself, or was not reached, has said so already.
      if (run && run !== before && !run.hasFailed) {
        journal.failed(run, `Transaction: ${String(error)}`);
      }
      throw error;
    }
    journal.recorded(latest());
  };
}

/** Loaded only where it is asked for: a start takes the longer for it. */
async function bullModules(port: number): Promise<DynamicModule[]> {
  const { BullModule } = await import('@nestjs/bullmq');
  const { LiveCallbackBullModule } = await import('../../../src/bullmq/index.js');
  return [
    BullModule.forRoot({ connection: { host: '127.0.0.1', port } }),
    LiveCallbackBullModule.register(),
  ];
}

async function main(settings: ApplicationSettings): Promise<void> {
  const journal = new Journal(settings.journal);
  const { redisPort } = settings;
  const engine = redisPort === undefined ? [] : await bullModules(redisPort);
  @Module({
    imports: [
      TypeOrmModule.forRoot({
        ...settings.database,
        entities: [FaultEffect, ...LIVE_CALLBACK_ENTITIES],
        retryDelay: 200,
        retryAttempts: 300,
      }),
      LiveCallbackModule.forRoot({
        keys: settings.key,
        ...(settings.sessions && { sessions: {} }),
      }),
      ...engine,
    ],
    providers: [FaultListeners, { provide: Journal, useValue: journal }],
  })
  class FaultModule {}

  watchKillPoints();
  const app = await NestFactory.create(FaultModule, new FastifyAdapter(), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  watchOutcomes(
    app.get(DeliveryStore, { strict: false }),
    app.get(TransactionRunner, { strict: false }),
    journal,
  );
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(settings.port, '127.0.0.1');
  process.on('message', (point: KillPoint) => arm(point));
  process.send?.('ready');
}

// Forked ahead of time: the modules are loaded while the process before this one still lives.
process.once('message', (settings: ApplicationSettings) => {
  main(settings).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
// Nobody is left to talk to: the harness has ended.
process.once('disconnect', () => process.exit(1));
process.send?.('loaded');
