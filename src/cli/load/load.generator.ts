import type { Agent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

import { streamInterruptCallback, streamPushCallback } from '../../testing/callback-builders.js';
import { signCallback } from '../../testing/sign-callback.js';
import type { LoadEntry, LoadLedger } from './load.ledger.js';
import { postKept } from './kept.poster.js';

/** What is sent, where and how fast. */
export interface LoadPlan {
  readonly urlOf: (kind: string) => URL;
  readonly agent: Agent | HttpsAgent;
  readonly key: string;
  /** Callbacks per second. */
  readonly rate: number;
  /** Callbacks in all. */
  readonly total: number;
  readonly concurrency: number;
  /** Names of the streams. */
  readonly streams: readonly string[];
  readonly domain: string;
  readonly appName: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How often what is due is sent, ms. */
const TICK_MS = 5;

/** Pushes and interrupts streams in turn. A target that is too slow is not sent more than it holds. */
export class LoadGenerator {
  /** The push that runs, by stream. */
  private readonly sequences = new Map<string, string>();
  private readonly underWay = new Set<Promise<void>>();
  private started = 0;

  constructor(
    private readonly plan: LoadPlan,
    private readonly ledger: LoadLedger,
    private readonly onProgress: () => void,
  ) {}

  /** Resolves when everything is answered, or given up. */
  async run(): Promise<void> {
    const { rate, total, concurrency, signal } = this.plan;
    const begin = performance.now();
    while (this.started < total && !signal.aborted) {
      const due = Math.min(total, 1 + Math.floor(((performance.now() - begin) / 1000) * rate));
      while (this.started < due && this.underWay.size < concurrency) this.sendNext();
      this.onProgress();
      if (this.underWay.size >= concurrency) await Promise.race(this.underWay);
      else await sleep(TICK_MS);
    }
    await Promise.all(this.underWay);
  }

  private sendNext(): void {
    const { streams } = this.plan;
    const stream = streams[this.started % streams.length] as string;
    this.started++;
    const sending: Promise<void> = this.send(stream).finally(() => this.underWay.delete(sending));
    this.underWay.add(sending);
  }

  private async send(stream_id: string): Promise<void> {
    const { urlOf, agent, key, domain: app, appName: appname, timeoutMs, signal } = this.plan;
    const place = { app, appname, stream_id, channel_id: stream_id };
    const running = this.sequences.get(stream_id);
    const callback =
      running === undefined
        ? streamPushCallback(place)
        : streamInterruptCallback({ ...place, sequence: running });
    const sequence = String(callback['sequence']);
    if (running === undefined) this.sequences.set(stream_id, sequence);
    else this.sequences.delete(stream_id);
    const kind = running === undefined ? 'stream-push' : 'stream-interrupt';
    const entry: LoadEntry = { kind, stream: stream_id, sequence };
    const { body } = signCallback(callback, { key });
    const begin = performance.now();
    const ends = AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]);
    const { status, error } = await postKept(urlOf(kind), body, agent, ends);
    this.ledger.enter(entry, status, error, performance.now() - begin);
  }
}
