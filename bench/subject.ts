import type { LiveCallbackRole } from '../src/index.js';
import { BacklogSampler, type Backlog } from './backlog.js';
import { ChildHandle } from './child.handle.js';
import type { Compiled } from './compile.js';
import type { Contender } from './contenders.js';
import type { Usage } from './contenders/child.js';
import { BenchDatabase, type DeliveryCounts } from './database.js';
import { drained } from './drain.js';
import type { Latency } from './load/load.order.js';
import { BenchRedis } from './redis.js';
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
  /** Deliveries per second from the first callback until the last of them was done. */
  readonly deliveries: number;
  /** CPU time of the server processes per callback, deliveries included, µs. */
  readonly cpuMicros: number;
  /** CPU time of the database server per callback, µs; null where it cannot be had. */
  readonly databaseCpuMicros: number | null;
  /** CPU time of Redis per callback, µs; null without BullMQ. */
  readonly redisCpuMicros: number | null;
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

/** A contender that runs on a database of its own. */
export class Subject implements AsyncDisposable {
  private dropOwn: () => Promise<void> = async () => {};
  private answered = 0;
  private sent = 0;
  private readonly complaints: string[] = [];

  private constructor(
    readonly contender: Contender,
    /** One process for each of its roles. */
    readonly servers: readonly ChildHandle[],
    private readonly database: BenchDatabase | null,
    private readonly redis: BenchRedis | null,
    private readonly before: Stock,
    private readonly bench: Bench,
  ) {}

  /** Starts the processes on a fresh database, which goes with them. */
  static async start(contender: Contender, bench: Bench): Promise<Subject> {
    const database = contender.database ? await BenchDatabase.create(contender.database) : null;
    let redis: BenchRedis | null = null;
    const drop = async () => {
      await redis?.drop();
      await database?.drop();
    };
    try {
      if (contender.isOnBullMq) redis = await BenchRedis.create();
      const subject = await Subject.startOn(database, contender, bench, redis);
      subject.dropOwn = drop;
      return subject;
    } catch (error) {
      await drop();
      throw error;
    }
  }

  /** Starts the processes on a database that is there, and may hold rows. */
  static async startOn(
    database: BenchDatabase | null,
    contender: Contender,
    bench: Bench,
    redis: BenchRedis | null = null,
  ): Promise<Subject> {
    const { adapter, listeners, sleepMs, writing, program } = contender;
    const settings = {
      adapter,
      listeners,
      sleepMs,
      writing,
      key: KEY,
      database: database?.options ?? null,
      redis: redis?.place ?? null,
    };
    const servers = await ChildHandle.startAll(
      bench.compiled.program(program),
      rolesOf(contender).map((role) => ({ ...settings, role })),
    );
    const before = await stockOf(contender, database);
    return new Subject(contender, servers, database, redis, before, bench);
  }

  /** The first of its processes; most contenders have only one. */
  get server(): ChildHandle {
    return this.servers[0] as ChildHandle;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    await this.dropOwn();
  }

  /** Sends one stretch of load, waits for its deliveries, and accounts for it. */
  async stretch({ rate, seconds, count = null }: Load): Promise<Stretch> {
    const { contender, bench } = this;
    const before = await this.account();
    const sampler = rate === null && this.deliveries ? new BacklogSampler(this.deliveries) : null;
    const result = await bench.generator.load({
      ports: this.ports,
      key: KEY,
      connections: contender.connections ?? bench.connections,
      rate,
      seconds,
      count,
      first: this.sent,
      isForged: contender.isForged,
    });
    const [drainMs, backlog = null] = await Promise.all([this.delivered(), sampler?.stop()]);
    // Jobs whose rows an earlier one has run still cost something, which is not the next stretch's.
    await drained(async () => (await this.redis?.pending()) ?? 0);
    const after = await this.account();
    this.sent += result.sent;
    this.answered += result.answered;
    this.complaints.push(...result.complaints);
    const each = (total: number) => total / Math.max(1, result.answered);
    const cpuOf = (from: number | null, to: number | null) =>
      from === null || to === null ? null : each((to - from) * 1e6);
    return {
      rate,
      throughput: result.answered / result.seconds,
      answered: result.answered,
      deliveries: (result.answered * contender.listeners) / (result.seconds + drainMs / 1000),
      cpuMicros: each(after.usage.cpuMicros - before.usage.cpuMicros),
      databaseCpuMicros: cpuOf(before.databaseSeconds, after.databaseSeconds),
      redisCpuMicros: cpuOf(before.redisSeconds, after.redisSeconds),
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
    const { handled } = await this.usage();
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

  /** What its processes use, added up. */
  async usage(): Promise<Usage> {
    const usages = await Promise.all(this.servers.map((server) => server.usage()));
    const sum = (read: (usage: Usage) => number) =>
      usages.reduce((total, usage) => total + read(usage), 0);
    return {
      cpuMicros: sum(({ cpuMicros }) => cpuMicros),
      rss: sum(({ rss }) => rss),
      heapUsed: sum(({ heapUsed }) => heapUsed),
      handled: sum(({ handled }) => handled),
      statements: sum(({ statements }) => statements),
    };
  }

  /** Where callbacks are received. */
  private get ports(): number[] {
    const roles = rolesOf(this.contender);
    return this.servers.filter((_, n) => roles[n] !== 'worker').map(({ port }) => port);
  }

  /** The database, where it holds deliveries. */
  private get deliveries(): BenchDatabase | null {
    return this.contender.table === 'live_callback' ? this.database : null;
  }

  /** @returns how long deliveries still waited, ms */
  private delivered(): Promise<number> {
    const before = this.before.deliveries?.pending ?? 0;
    return drained(async () => ((await this.deliveries?.pending()) ?? 0) - before);
  }

  private async account() {
    return {
      usage: await this.usage(),
      databaseSeconds: this.database?.cpuSeconds() ?? null,
      redisSeconds: (await this.redis?.cpuSeconds()) ?? null,
    };
  }
}

function rolesOf({ roles = ['all'] }: Contender): readonly LiveCallbackRole[] {
  return roles;
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
