/**
 * The application of the fault harness: receives callbacks, runs a plain and a transactional
 * listener, and kills itself with SIGKILL at the point that it is told to.
 */
import 'reflect-metadata';

import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { CallbackDatabase } from '../../src/audit/index.js';
import { DeliveryLedger } from '../../src/bus/index.js';
import {
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackModule,
  OnLiveEvent,
  type LiveEvent,
  type LiveEventContext,
} from '../../src/index.js';
import { FaultEffect, FaultRun } from './tables.js';

/** Where the process can be told to die. */
export type KillPoint = 'storing' | 'stored' | 'listening' | 'in transaction' | 'completing';

const LIFE = Number(process.env['FAULT_LIFE']);
let armed: KillPoint | undefined;

process.on('message', (point: KillPoint) => (armed = point));

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;); // the signal is on its way
}

function reach(point: KillPoint): void {
  if (armed === point) die();
}

@Injectable()
class Witness {
  constructor(@InjectDataSource() private readonly host: DataSource) {}

  @OnLiveEvent('*', { id: 'plain', backoffMs: 50, attempts: 100 })
  async onEvent({ id, attempt }: LiveEvent): Promise<void> {
    await this.host.getRepository(FaultRun).insert({ callbackId: id, attempt, life: LIFE });
    reach('listening');
    await sleep(Math.random() * 3);
  }

  @OnLiveEvent('stream-push', { id: 'tx', backoffMs: 50, attempts: 100, transactional: true })
  async onPush({ id }: LiveEvent, { manager }: LiveEventContext): Promise<void> {
    await manager.insert(FaultEffect, { callbackId: id });
    reach('in transaction');
  }
}

async function main(): Promise<void> {
  const database = JSON.parse(process.env['FAULT_DATABASE'] ?? '{}') as DataSourceOptions;
  @Module({
    imports: [
      TypeOrmModule.forRoot({
        ...database,
        entities: [FaultRun, FaultEffect, ...LIVE_CALLBACK_ENTITIES],
      }),
      LiveCallbackModule.forRoot({ keys: process.env['FAULT_KEY'] ?? '' }),
    ],
    providers: [Witness],
  })
  class FaultModule {}

  const app = await NestFactory.create(FaultModule, new FastifyAdapter(), {
    logger: process.env['FAULT_LOG'] ? undefined : false,
    abortOnError: false,
  });
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(Number(process.env['FAULT_PORT']), '127.0.0.1');

  const { writer } = app.get(CallbackDatabase, { strict: false });
  const insert = writer.insert.bind(writer);
  writer.insert = async (batch, lease) => {
    const inserted = insert(batch, lease);
    // Between the statement and its commit, wherever the database is by then.
    if (armed === 'storing') setImmediate(die);
    const results = await inserted;
    reach('stored');
    return results;
  };
  const ledger = app.get(DeliveryLedger, { strict: false });
  const settle = ledger.settle.bind(ledger);
  ledger.settle = (outcome) => {
    const settled = settle(outcome);
    if (armed === 'completing') setImmediate(die);
    return settled;
  };
  process.send?.('ready');
}

await main();
