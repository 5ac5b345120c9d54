import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ApplicationSettings } from './application/app.js';
import type { KillPoint } from './application/kill-points.js';
import { now } from './clock.js';
import type { Outages } from './outages.js';

/** How long a point may take to be reached before the kill comes from outside, ms. */
const POINT_MS = 1_500;
const PAUSE_AFTER_FAILED_START_MS = 200;
/** Failed starts in a row, outside outages, after which the harness gives up. */
const MAX_FAILED_STARTS = 5;

/** One start of the application, and its end. Times as of {@link now}. */
export interface Life {
  readonly id: number;
  /** Which of the application's processes it is of, from 0. */
  readonly node: number;
  readonly startedAt: number;
  readyAt: number | null;
  endedAt: number | null;
  /** `killed: …`, `stopped`, `did not start: …`, or `crashed: …`, which no fault may cause. */
  end: string | null;
}

/** Where the application is killed: at a point in it, from outside, or before it is ready. */
export type Kill = KillPoint | 'at random' | 'starting';

/** Keeps one process of the application running as a supervisor does, and kills it. */
export class ApplicationProcess {
  private latest: Life | undefined;
  private child: ChildProcess | undefined;
  private standby: ChildProcess | undefined;
  /** What the harness is about to do to the child, so that its end is no crash. */
  private intent: string | null = null;
  private starting: Promise<void> = Promise.resolve();
  private failedStarts = 0;
  private readonly log: number;

  /** @param lives of all nodes; those of this one are added */
  constructor(
    private readonly node: number,
    private readonly lives: Life[],
    private readonly program: string,
    private readonly settings: Omit<ApplicationSettings, 'journal'>,
    private readonly folder: string,
    private readonly outages: Outages,
  ) {
    this.log = openSync(join(folder, 'application.log'), 'a');
    this.standby = this.fork();
  }

  /** The present life; undefined while the application is not ready. */
  get life(): Life | undefined {
    const life = this.latest;
    return life && life.readyAt !== null && life.endedAt === null ? life : undefined;
  }

  /** Resolves when the application is ready, or when it has been told to end meanwhile. */
  start(): Promise<void> {
    this.starting = this.keepStarting();
    return this.starting;
  }

  /** Ends the present life, and begins the next one. Resolves when that is ready. */
  async kill(how: Kill): Promise<void> {
    if (how === 'starting') await this.killWhileStarting();
    else await this.end(how);
    await this.start();
  }

  /** @returns how long the application took to stop, ms */
  async stop(): Promise<number> {
    this.standby?.kill('SIGKILL');
    const child = this.child as ChildProcess;
    const startedAt = now();
    this.intent = 'stopped';
    child.kill('SIGTERM');
    await exitOf(child);
    return now() - startedAt;
  }

  /** Ends what is still there, however the run went. */
  close(): void {
    this.intent = 'stopped';
    this.standby?.kill('SIGKILL');
    this.child?.kill('SIGKILL');
  }

  private async keepStarting(): Promise<void> {
    while (!(await this.startOnce())) {
      const isExcused = this.outages.current !== null;
      this.failedStarts = isExcused ? 0 : this.failedStarts + 1;
      if (this.failedStarts >= MAX_FAILED_STARTS) {
        throw new Error(`The application does not start; see ${this.folder}/application.log`);
      }
      await sleep(PAUSE_AFTER_FAILED_START_MS);
    }
    this.failedStarts = 0;
  }

  /** @returns whether it came to be ready */
  private async startOnce(): Promise<boolean> {
    const child = this.standby as ChildProcess;
    this.child = child;
    this.intent = null;
    const life: Life = {
      id: this.lives.length + 1,
      node: this.node,
      startedAt: now(),
      readyAt: null,
      endedAt: null,
      end: null,
    };
    this.lives.push(life);
    this.latest = life;
    const exited = exitOf(child).then((how) => {
      life.endedAt = now();
      life.end = this.intent ?? `${life.readyAt === null ? 'did not start' : 'crashed'}: ${how}`;
      // As a supervisor does.
      if (life.end.startsWith('crashed')) void this.start();
      return false;
    });
    const ready = messageOf(child, 'ready').then(() => {
      life.readyAt = now();
      return true;
    });
    child.send({
      ...this.settings,
      journal: join(this.folder, `journal-${life.id}`),
    } satisfies ApplicationSettings);
    const isReady = await Promise.race([ready, exited]);
    this.standby = this.fork();
    return isReady;
  }

  private async end(how: KillPoint | 'at random'): Promise<void> {
    const child = this.child as ChildProcess;
    this.intent = `killed: ${how}`;
    const exited = exitOf(child);
    if (how !== 'at random' && this.life) {
      child.send(how, () => {}); // it may be gone already
      // The point may not be reached when nothing is left to do; then the kill comes from outside.
      const isReached = await Promise.race([exited.then(() => true), sleep(POINT_MS)]);
      if (!isReached) this.intent = 'killed: at random';
    }
    child.kill('SIGKILL');
    await exited;
  }

  private async killWhileStarting(): Promise<void> {
    await this.end('at random');
    const starting = this.startOnce();
    await sleep(Math.random() * 200);
    this.intent = 'killed: starting';
    this.child?.kill('SIGKILL');
    await starting;
  }

  private fork(): ChildProcess {
    const child = fork(this.program, {
      execArgv: [], // it is compiled: the loader of the parent would only make its start longer
      stdio: ['ignore', this.log, this.log, 'ipc'],
      env: { PATH: process.env['PATH'] },
    });
    child.setMaxListeners(0);
    return child;
  }
}

async function exitOf(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? `exit code ${String(child.exitCode)}`;
}

async function messageOf(child: ChildProcess, expected: string): Promise<void> {
  for (;;) {
    const [message] = (await once(child, 'message')) as [unknown];
    if (message === expected) return;
  }
}
