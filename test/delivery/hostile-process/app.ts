/** An application whose listeners end or block the process that they run in. */
import 'reflect-metadata';

import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import { LiveCallbackModule, OnLiveEvent, type LiveEvent } from '../../../src/index.js';

/** What the application is told by whoever starts it. */
export interface HostileSettings {
  readonly database: { readonly type: 'better-sqlite3'; readonly database: string };
  readonly key: string;
  readonly port: number;
  /** A line per run: listener, stream and sequence. */
  readonly journal: string;
}

const settings = JSON.parse(process.env['HOSTILE_SETTINGS'] ?? '{}') as HostileSettings;
const FOR_EVER = 2 ** 30;
const BLOCK_MS = 4_500;

function note(listener: string, { stream, data }: LiveEvent): void {
  const { sequence = '' } = data as { sequence?: string };
  appendFileSync(settings.journal, `${listener} ${stream.name} ${sequence}\n`);
}

/** Does what the name of the stream says. */
const ACTS: Record<string, () => unknown> = {
  exit: () => process.exit(7),
  timer: () => {
    setTimeout(() => {
      throw new Error('thrown where nobody catches');
    });
    return sleep(FOR_EVER);
  },
  memory: () => {
    const kept: unknown[] = [];
    for (;;) kept.push(Array.from({ length: 100_000 }, Math.random));
  },
  block: () => {
    const until = performance.now() + BLOCK_MS;
    while (performance.now() < until);
    throw new Error('too late to count');
  },
  wait: () => sleep(FOR_EVER),
};

@Injectable()
class Hostile {
  @OnLiveEvent('stream-push', { id: 'hostile' })
  async onPush(event: LiveEvent): Promise<void> {
    note('hostile', event);
    await Promise.resolve(ACTS[String(event.stream.name)]?.() ?? sleep(5));
  }

  @OnLiveEvent('stream-interrupt', { id: 'twice', attempts: 2 })
  async onInterrupt(event: LiveEvent): Promise<void> {
    note('twice', event);
    await ACTS[String(event.stream.name)]?.();
  }

  /** The first one of a stream never ends. */
  @OnLiveEvent('screenshot', { id: 'once', attempts: 1, timeoutMs: 3_600_000 })
  async onScreenshot(event: LiveEvent<'screenshot'>): Promise<void> {
    note('once', event);
    if (event.data.width === 1) await sleep(FOR_EVER);
  }

  @OnLiveEvent('*', { id: 'neighbour', order: 'none' })
  onAny(event: LiveEvent): void {
    note('neighbour', event);
  }
}

@Module({
  imports: [LiveCallbackModule.forRoot({ keys: settings.key, database: settings.database })],
  providers: [Hostile],
})
class HostileModule {}

const app = await NestFactory.create(HostileModule, new FastifyAdapter(), { logger: false });
await app.listen(settings.port, '127.0.0.1');
process.send?.('ready');
