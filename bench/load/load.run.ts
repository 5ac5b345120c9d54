import { Connection } from './connection.js';
import { systemMicros } from './due.time.js';
import { Latencies } from './latencies.js';
import type { LoadOrder, LoadResult } from './load.order.js';
import { RequestTemplate } from './request.template.js';

/** How long the last answers may take, ms. */
const LAST_ANSWERS_MS = 15_000;
/** Signatures are valid for ten minutes; a long run makes new ones in time, ms. */
const TEMPLATE_MS = 120_000;
/** Ticks of the schedule are about 1 ms apart; a longer gap means that the generator was held up, ms. */
const GRAIN_MS = 2.5;
const MAX_COMPLAINTS = 5;

/** Sends one load and checks every answer. */
export class LoadRun {
  private readonly latencies = new Latencies();
  private readonly lags = new Latencies();
  private readonly complaints: string[] = [];
  private readonly expectedStatus: number;
  private readonly expectedBody: string;
  private template: RequestTemplate;
  private templateAt = performance.now();
  private connections: Connection[] = [];
  /** Connections that wait for something to send, longest first. */
  private free: Connection[] = [];
  /** Times at which requests should have been sent, for want of a free connection. */
  private due: number[] = [];
  /** Nothing more will become due. */
  private isScheduled = false;
  private sent = 0;
  private answered = 0;
  private wrong = 0;
  private startedAt = 0;
  private until = 0;
  private readonly count: number;
  /** Zero of `performance.now()` on the clock of the system, µs. */
  private readonly origin = systemMicros() - Math.round(performance.now() * 1000);
  private finish: () => void = () => {};

  constructor(private readonly order: LoadOrder) {
    this.count = order.count ?? Infinity;
    this.template = this.newTemplate();
    this.expectedStatus = order.isForged ? 401 : 200;
    this.expectedBody = `{"code":${order.isForged ? 401 : 0}}`;
  }

  async run(): Promise<LoadResult> {
    const { ports, connections, rate, seconds } = this.order;
    const open = (_: unknown, n: number) =>
      Connection.open(Number(ports[n % ports.length]), (...answer) => this.onAnswer(...answer));
    this.connections = await Promise.all(Array.from({ length: connections }, open));
    for (const connection of this.connections) connection.buffer = this.template.copy();
    const cpu = process.cpuUsage();
    this.startedAt = performance.now();
    this.until = this.startedAt + seconds * 1000;
    const finished = new Promise<void>((resolve) => (this.finish = resolve));
    const guard = setTimeout(() => this.finish(), seconds * 1000 + LAST_ANSWERS_MS);
    if (rate === null) for (const connection of this.connections) this.next(connection);
    else {
      this.free = [...this.connections];
      this.tick(this.startedAt, rate, 0);
    }
    await finished;
    clearTimeout(guard);
    return this.result(process.cpuUsage(cpu));
  }

  private get isOver(): boolean {
    return performance.now() >= this.until || this.sent >= this.count;
  }

  /** Open loop: what is due is sent, or waits for a connection, however slow the server is. */
  private tick(previous: number, rate: number, scheduled: number): void {
    const now = performance.now();
    const end = Math.min(now, this.until);
    const due = Math.min(Math.floor(((end - this.startedAt) / 1000) * rate), this.count);
    const wasHeldUp = now - previous > GRAIN_MS;
    for (let n = scheduled; n < due; n++) {
      const intended = this.startedAt + (n / rate) * 1000;
      this.lags.add(now - intended);
      this.due.push(wasHeldUp ? intended : now);
    }
    this.sendDue();
    if (now < this.until && due < this.count) {
      setTimeout(() => this.tick(now, rate, due), 1);
      return;
    }
    this.isScheduled = true;
    this.finishIfIdle();
  }

  private sendDue(): void {
    const count = Math.min(this.due.length, this.free.length);
    if (count === 0) return;
    const times = this.due.splice(0, count);
    const connections = this.free.splice(0, count);
    times.forEach((since, index) => this.send(connections[index] as Connection, since));
  }

  private finishIfIdle(): void {
    if (this.connections.every(({ isWaiting }) => !isWaiting)) this.finish();
  }

  /** Closed loop: a connection sends as soon as its answer has come. */
  private next(connection: Connection): void {
    if (!this.isOver) this.send(connection, performance.now());
    else this.finishIfIdle();
  }

  private send(connection: Connection, since: number): void {
    if (performance.now() - this.templateAt > TEMPLATE_MS) this.renewTemplate();
    if (connection.buffer.length === 0) connection.buffer = this.template.copy();
    const dueMicros = this.origin + Math.round(since * 1000);
    this.template.write(connection.buffer, this.order.first + this.sent++, dueMicros);
    connection.send(since);
  }

  private onAnswer(connection: Connection, status: number, body: string): void {
    const now = performance.now();
    this.latencies.add(now - connection.since);
    if (status === this.expectedStatus && body === this.expectedBody) this.answered++;
    else this.complain(status, body);
    if (status === 0) return this.give(connection);
    if (this.order.rate === null) return this.next(connection);
    this.free.push(connection);
    if (now < this.until) this.sendDue();
    if (this.isScheduled) this.finishIfIdle();
  }

  /** A lost connection is not opened again: the run has failed anyway. */
  private give(connection: Connection): void {
    this.connections = this.connections.filter((other) => other !== connection);
    this.finishIfIdle();
  }

  private complain(status: number, body: string): void {
    this.wrong++;
    if (this.complaints.length < MAX_COMPLAINTS) {
      this.complaints.push(`status ${status}: ${body.slice(0, 200)}`);
    }
  }

  private newTemplate(): RequestTemplate {
    return new RequestTemplate(this.order.key, this.order.isForged);
  }

  private renewTemplate(): void {
    this.template = this.newTemplate();
    this.templateAt = performance.now();
    // Requests on their way have been written; nobody needs their bytes any more.
    for (const connection of this.connections) connection.buffer = Buffer.alloc(0);
  }

  private result({ user, system }: NodeJS.CpuUsage): LoadResult {
    const now = performance.now();
    const silent = this.connections.filter(({ isWaiting }) => isWaiting).length;
    for (let n = 0; n < silent; n++) this.complain(0, 'no answer');
    // What was never sent has waited at least until now.
    for (const since of this.due) this.latencies.add(now - since);
    for (const connection of this.connections) connection.close();
    const seconds = (now - this.startedAt) / 1000;
    return {
      seconds,
      sent: this.sent,
      answered: this.answered,
      unsent: this.due.length,
      wrong: this.wrong,
      complaints: this.complaints,
      latency: this.latencies.summary(),
      lagMs: this.lags.summary().p99,
      generatorCpu: (user + system) / 1e6 / seconds,
    };
  }
}
