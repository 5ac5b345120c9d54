import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import type { LoadOrder, LoadResult } from './load/load.order.js';
import type { Question, Reply, ServerSettings, Usage } from './contenders/child.js';

/** How long a child may take to start and to stop, ms. */
const START_MS = 60_000;
const STOP_MS = 15_000;

/** A child process that answers questions. */
export class ChildHandle {
  port = 0;
  private nextId = 1;
  private readonly waiting = new Map<
    number,
    { resolve(value: unknown): void; reject(error: Error): void }
  >();
  private readonly exited: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.exited = once(child, 'exit');
    child.on('message', (reply: Reply) => this.settle(reply));
    child.once('exit', (code, signal) => {
      const error = new Error(`The process has ended: ${signal ?? `exit code ${code}`}`);
      for (const waiting of this.waiting.values()) waiting.reject(error);
      this.waiting.clear();
    });
  }

  /** @throws Error when the program does not start */
  static async start(program: string, settings?: ServerSettings): Promise<ChildHandle> {
    const child = fork(program, {
      execArgv: [], // the loader of the parent would cost the servers time
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        BENCH_SERVER: JSON.stringify(settings ?? null),
        NODE_OPTIONS: process.env['NODE_OPTIONS'],
        BENCH_LOG: process.env['BENCH_LOG'],
      },
    });
    const handle = new ChildHandle(child);
    const signal = AbortSignal.timeout(START_MS);
    const ended = handle.exited.then(() => {
      throw new Error(`${program} did not start`);
    });
    const [ready] = (await Promise.race([once(child, 'message', { signal }), ended])) as [
      { port: number },
    ];
    handle.port = ready.port;
    return handle;
  }

  /** Starts a program once for each of the settings: all of them or, when one fails, none. */
  static async startAll(
    program: string,
    settings: readonly ServerSettings[],
  ): Promise<ChildHandle[]> {
    const started: ChildHandle[] = [];
    try {
      for (const each of settings) started.push(await ChildHandle.start(program, each));
      return started;
    } catch (error) {
      await Promise.all(started.map((child) => child.stop()));
      throw error;
    }
  }

  /** @throws Error when the child cannot answer */
  ask<T>(name: string, argument?: unknown): Promise<T> {
    const id = this.nextId++;
    const question: Question = { id, name, argument };
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.send(question);
    });
  }

  usage(): Promise<Usage> {
    return this.ask('usage');
  }

  load(order: LoadOrder): Promise<LoadResult> {
    return this.ask('load', order);
  }

  /** Tells it to end, and makes it end when it does not. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(timer);
  }

  private settle({ id, value, error }: Reply): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}
