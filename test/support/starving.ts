import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, type Type } from '@nestjs/common';
import { expect } from 'vitest';

import { OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY, type Host } from './application.js';

/*
 * Streams that always fail beside streams that never do, and how long the events of the latter take.
 */

/** What is promised: the longest that an event of a healthy stream takes, ms. */
const SOON_MS = 2_000;
/** Without TIMED, on a machine that may do other work: so many times what they take while no stream fails. */
const SLOWDOWN = 10;
const AT_ONCE = 64;
/** How long a stream that starves is waited for, to say how much it starves, ms. */
const PATIENCE_MS = 20_000;

export const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Calls something that is down for the streams whose names begin with `failing`, until it is healed. */
export class Moderated {
  isHealed = false;
  /** Sequences by stream, in the order of the runs that succeeded. */
  readonly handled = new Map<string, number[]>();
  /** When the first event of a stream was handled. */
  private readonly handledAt = new Map<string, number>();
  private rounds = 0;

  /** A class per node: all have the same listener. */
  newListener(): Type {
    const handle = (stream: string, sequence: number) => this.handle(stream, sequence);

    @Injectable()
    class Moderation {
      @OnLiveEvent('stream-push', {
        id: 'moderation',
        attempts: Infinity,
        backoffMs: 2_000,
        maxBackoffMs: 5_000,
      })
      onPush({ stream, data }: LiveEvent<'stream-push'>): void {
        handle(stream.name!, Number(data.sequence));
      }
    }
    return Moderation;
  }

  /** How long healthy events may take, ms; to be asked before any stream fails. */
  async soonOf(hosts: readonly Host[]): Promise<number> {
    if (process.env['TIMED']) return SOON_MS;
    return Math.max(SOON_MS, SLOWDOWN * (await this.slowestOf(hosts, 200)));
  }

  /**
   * Sends an event of each of some healthy streams.
   *
   * @returns the longest time from the answer to one until its listener has handled it, ms
   */
  async slowestOf(hosts: readonly Host[], count: number): Promise<number> {
    const round = ++this.rounds;
    const healthy = range(count).map((n) => `healthy-${round}-${n}`);
    const answeredAt = new Map<string, number>();
    await inParallel(healthy, async (stream, n) => {
      await send(hosts[n % hosts.length]!, stream, 0);
      answeredAt.set(stream, performance.now());
    });
    const until = performance.now() + PATIENCE_MS;
    const isHandled = (stream: string) => this.handledAt.has(stream);
    while (!healthy.every(isHandled) && performance.now() < until) await sleep(10);
    return Math.max(
      ...healthy.map(
        (stream) => (this.handledAt.get(stream) ?? Infinity) - answeredAt.get(stream)!,
      ),
    );
  }

  private handle(stream: string, sequence: number): void {
    if (stream.startsWith('failing') && !this.isHealed) throw new Error('503');
    if (!this.handledAt.has(stream)) this.handledAt.set(stream, performance.now());
    const sequences = this.handled.get(stream) ?? [];
    this.handled.set(stream, [...sequences, sequence]);
  }
}

/** Sends the events of failing streams, to each host in turn. */
export async function sendFailing(
  hosts: readonly Host[],
  { streams, each }: { streams: number; each: number },
): Promise<void> {
  const events = range(each).flatMap((sequence) =>
    range(streams).map((n) => [`failing-${n}`, sequence] as const),
  );
  await inParallel(events, ([stream, sequence], n) =>
    send(hosts[n % hosts.length]!, stream, sequence),
  );
}

async function send(host: Host, stream: string, sequence: number): Promise<void> {
  const callback = streamPushCallback({ stream_id: stream, sequence: String(sequence) });
  expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
}

async function inParallel<T>(
  items: readonly T[],
  act: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      await act(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
