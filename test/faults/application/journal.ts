import { openSync, writeSync } from 'node:fs';

import type { LiveEvent } from '../../../src/index.js';
import { now } from '../clock.js';

/**
 * A line of the journal. `run` counts the runs of listeners in one life of the process, `at` is the
 * monotonic time of the machine.
 */
export type JournalLine =
  | readonly ['begun', run: number, at: number, ...RunFacts]
  | readonly ['done', run: number, at: number]
  | readonly ['failed', run: number, at: number, reason: string]
  /** The module has said that the outcome `done` is durable. */
  | readonly ['recorded', run: number, at: number];

type RunFacts = readonly [listener: string, callbackId: string, attempt: number, stream: string];

/** A run of a listener in this life of the process. */
export interface JournalRun {
  readonly number: number;
  readonly key: string;
  hasFailed: boolean;
}

/**
 * What listeners really did, told by a file and not by the database that is taken away. Each line
 * has left the process before the run goes on, so no SIGKILL can unsay it.
 */
export class Journal {
  private readonly file: number;
  private count = 0;
  /** The latest run of each delivery whose outcome is open. */
  private readonly latest = new Map<string, JournalRun>();

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  /** Runs the body of a listener, and writes down that it did and how it ended. */
  async witness(listener: string, event: LiveEvent, body: () => Promise<void>): Promise<void> {
    const { id, attempt, stream } = event;
    const run = { number: this.count++, key: keyOf(listener, id), hasFailed: false };
    this.latest.set(run.key, run);
    this.write(['begun', run.number, now(), listener, id, attempt, stream.name ?? '']);
    try {
      await body();
    } catch (error) {
      this.failed(run, String(error));
      throw error;
    }
    this.write(['done', run.number, now()]);
  }

  runOf(listener: string, callbackId: string): JournalRun | undefined {
    return this.latest.get(keyOf(listener, callbackId));
  }

  /** The outcome of a run is durable. */
  recorded(run: JournalRun | undefined): void {
    if (!run) return;
    this.write(['recorded', run.number, now()]);
    if (this.latest.get(run.key) === run) this.latest.delete(run.key);
  }

  failed(run: JournalRun, reason: string): void {
    run.hasFailed = true;
    this.write(['failed', run.number, now(), reason]);
  }

  private write(line: JournalLine): void {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
  }
}

function keyOf(listener: string, callbackId: string): string {
  return `${listener} ${callbackId}`;
}
