import { setTimeout as sleep } from 'node:timers/promises';

import { BacklogSampler, type Backlog } from './backlog.js';
import { ChildHandle } from './child.handle.js';
import type { Compiled } from './compile.js';
import type { Contender } from './contenders.js';
import type { Usage } from './contenders/child.js';
import { BenchDatabase, type DeliveryCounts } from './database.js';
import type { Latency } from './load/load.order.js';
import { problemsOf } from './verification.js';

/** What the parts of a run share. */
export interface Bench {
  readonly compiled: Compiled;
  /** The process that sends. */
  readonly generator: ChildHandle;
  readonly connections: number;
}

/** How much to send. */
export interface Load {
  /** Callbacks per second; null: each connection sends as soon as its answer has come. */
  readonly rate: number | null;
  readonly seconds: number;
  readonly count?: number | null;
}

/** What one stretch of load came to. */
export interface Stretch {
  readonly rate: number | null;
  /** Callbacks per second that were answered. */
  readonly throughput: number;
  readonly answered: number;
  /** CPU time of the server process per callback, deliveries included, µs. */
  readonly cpuMicros: number;
  /** CPU time of the database server per callback, µs; null where it cannot be had. */
  readonly databaseCpuMicros: number | null;
  readonly latency: Latency;
  /** How late the generator was, ms at p99; part of the latencies at a fixed rate. */
  readonly lagMs: number;
  /** CPU seconds of the generator per second; near 1 it was the bottleneck. */
  readonly generatorCpu: number;
  /** Statements to PostgreSQL per request. */
  readonly statements: number;
  /** At saturation, where there are deliveries. */
  readonly backlog: Backlog | null;
  /** How long the last deliveries took after the last answer, ms. */
  readonly drainMs: number;
}

const KEY = 'KeyOfTheBenchmark2026';
/** Rows of the tables. */
interface Stock {
  /** Null for a contender without a table. */
  readonly rows: number | null;
  /** Null for a contender without deliveries. */
  readonly deliveries: DeliveryCounts | null;
}

const DRAIN_MS = 120_000;
const POLL_MS = 20;

/** A contender that runs on a database of its own. */
export class Subject implements AsyncDisposable {
  private ownDatabase: BenchDatabase | null = null;
  private answered = 0;
  private sent = 0;
  private readonly complaints: string[] = [];

  private constructor(
    readonly contender: Contender,
    readonly server: ChildHandle,
    private readonly database: BenchDatabase | null,
    private readonly before: Stock,
    private readonly bench: Bench,
  ) {}

  /** Starts a process on a fresh database, which goes with it. */
  static async start(contender: Contender, bench: Bench): Promise<Subject> {
    const database = contender.database ? await BenchDatabase.create(contender.database) : null;
    try {
      const subject = await Subject.startOn(database, contender, bench);
      subject.ownDatabase = database;
      return subject;
    } catch (error) {
      await database?.drop();
      throw error;
    }
  }

  /** Starts a process on a database that is there, and may hold rows. */
  static async startOn(
    database: BenchDatabase | null,
    contender: Contender,
    bench: Bench,
  ): Promise<Subject> {
    const { adapter, listeners, sleepMs, writing, program } = contender;
    const server = await ChildHandle.start(bench.compiled.program(program), {
      adapter,
      listeners,
      sleepMs,
      writing,
      key: KEY,
      database: database?.options ?? null,
    });
    return new Subject(contender, server, database, await stockOf(contender, database), bench);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    await this.ownDatabase?.drop();
  }

  /** Sends one stretch of load, waits for its deliveries, and accounts for it. */
  async stretch({ rate, seconds, count = null }: Load): Promise<Stretch> {
    const { server, contender, bench } = this;
    const before = await this.account();
    const sampler = rate === null && this.deliveries ? new BacklogSampler(this.deliveries) : null;
    const result = await bench.generator.load({
      port: server.port,
      key: KEY,
      connections: bench.connections,
      rate,
      seconds,
      count,
      first: this.sent,
      isForged: contender.isForged,
    });
    const backlog = (await sampler?.stop()) ?? null;
    const drainMs = await this.settled();
    const after = await this.account();
    this.sent += result.sent;
    this.answered += result.answered;
    this.complaints.push(...result.complaints);
    const each = (total: number) => total / Math.max(1, result.answered);
    const hasCpu = before.databaseSeconds !== null && after.databaseSeconds !== null;
    const databaseSeconds = Number(after.databaseSeconds) - Number(before.databaseSeconds);
    return {
      rate,
      throughput: result.answered / result.seconds,
      answered: result.answered,
      cpuMicros: each(after.usage.cpuMicros - before.usage.cpuMicros),
      databaseCpuMicros: hasCpu ? each(databaseSeconds * 1e6) : null,
      latency: result.latency,
      lagMs: result.lagMs,
      generatorCpu: result.generatorCpu,
      statements: each(after.usage.statements - before.usage.statements),
      backlog,
      drainMs,
    };
  }

  /** Counts what is stored and delivered. @returns what is wrong */
  async verify(): Promise<string[]> {
    const { contender, database, answered, complaints, before } = this;
    const { handled } = await this.server.usage();
    const { rows, deliveries } = await stockOf(contender, database);
    return problemsOf({
      complaints,
      answered,
      acknowledged: contender.isForged ? 0 : answered,
      listeners: contender.listeners,
      handled,
      rows: rows === null ? null : rows - Number(before.rows),
      deliveries: deliveries && before.deliveries && added(deliveries, before.deliveries),
    });
  }

  /** The database, where it holds deliveries. */
  private get deliveries(): BenchDatabase | null {
    return this.contender.table === 'live_callback' ? this.database : null;
  }

  /** @returns how long deliveries still waited, ms */
  private async settled(): Promise<number> {
    const startedAt = performance.now();
    const elapsed = () => performance.now() - startedAt;
    const settled = this.before.deliveries?.pending ?? 0;
    while (((await this.deliveries?.pending()) ?? 0) > settled && elapsed() < DRAIN_MS) {
      await sleep(POLL_MS);
    }
    return elapsed();
  }

  private async account(): Promise<{ usage: Usage; databaseSeconds: number | null }> {
    return {
      usage: await this.server.usage(),
      databaseSeconds: this.database?.cpuSeconds() ?? null,
    };
  }
}

async function stockOf({ table }: Contender, database: BenchDatabase | null): Promise<Stock> {
  return {
    rows: table && database ? await database.rows(table) : null,
    deliveries: table === 'live_callback' && database ? await database.deliveries() : null,
  };
}

function added(now: DeliveryCounts, before: DeliveryCounts): DeliveryCounts {
  return {
    pending: now.pending - before.pending,
    done: now.done - before.done,
    dead: now.dead - before.dead,
  };
}
