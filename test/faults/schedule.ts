import { setTimeout as sleep } from 'node:timers/promises';

import type { ApplicationNodes } from './application-nodes.js';
import type { Kill } from './application-process.js';
import { KILL_POINTS } from './application/kill-points.js';
import { now } from './clock.js';
import type { Fault } from './databases/faulty-database.js';
import type { Outages } from './outages.js';
import type { Sender } from './sender.js';

const TICK_MS = 10;
/** How long an application serves at least before it is killed, ms. */
const SERVED_MS = 100;
/** How long the application has, after an outage, to answer 200 before the next fault comes, ms. */
const RECOVERY_MS = 30_000;
/** One of so many outages has a kill of the application in it. */
const KILL_IN_OUTAGE_EVERY = 5;

/** How much of everything there shall be. */
export interface Plan {
  /** Callbacks to be acknowledged; 0: as many as come in the time. */
  readonly callbacks: number;
  readonly kills: number;
  readonly outages: number;
  /** Processes of the application. */
  readonly nodes: number;
  /** Times that Redis is taken away or emptied; none without BullMQ. */
  readonly redisFaults: number;
  /** Whether the application works sessions out. */
  readonly sessions: boolean;
  /** How long callbacks are sent at most, seconds. */
  readonly duration: number;
}

/** Spreads kills and outages over the callbacks, or over the time where no number was given. */
export class Schedule {
  kills = 0;
  /** What has happened to Redis, by kind. */
  readonly redisFaults: string[] = [];
  private outageCount = 0;
  /** The one that goes on: everything else goes on meanwhile. */
  private redisFault: Promise<void> = Promise.resolve();
  private readonly startedAt = now();
  private jitter = Math.random();

  constructor(
    private readonly plan: Plan,
    private readonly application: ApplicationNodes,
    private readonly faults: readonly Fault[],
    private readonly faultsOfRedis: readonly Fault[],
    private readonly outages: Outages,
    private readonly sender: Sender,
    private readonly onProgress: (line: string) => void,
  ) {}

  /** Resolves when everything has happened, or the time is over. */
  async run(): Promise<void> {
    const { kills, outages, redisFaults } = this.plan;
    while (!this.isOver) {
      if (this.progress >= (this.redisFaults.length + 0.5) / redisFaults) this.troubleRedis();
      if (this.outageCount < outages && this.progress >= (this.outageCount + 0.5) / outages) {
        await this.takeDatabaseAway();
      } else if (this.kills < kills && this.progress >= (this.kills + this.jitter) / kills) {
        await sleep(SERVED_MS + Math.random() * SERVED_MS);
        await this.kill();
        this.jitter = Math.random();
      } else {
        await sleep(TICK_MS);
      }
    }
    await this.redisFault;
  }

  private get elapsed(): number {
    return (now() - this.startedAt) / 1_000 / this.plan.duration;
  }

  /** From 0 to 1, of the callbacks or of the time. */
  private get progress(): number {
    const { callbacks } = this.plan;
    return callbacks > 0 ? Math.max(this.sender.acked / callbacks, this.elapsed) : this.elapsed;
  }

  private get isOver(): boolean {
    if (this.elapsed >= 1) return true;
    const { callbacks, kills, outages, redisFaults } = this.plan;
    const isSent = callbacks > 0 && this.sender.acked >= callbacks;
    return (
      isSent &&
      this.kills >= kills &&
      this.outageCount >= outages &&
      this.redisFaults.length >= redisFaults
    );
  }

  private async kill(): Promise<void> {
    const round: readonly Kill[] = [...KILL_POINTS, 'at random', 'at random', 'starting'];
    await this.application.kill(round[this.kills++ % round.length] as Kill);
    if (this.kills % 10 === 0) {
      this.onProgress(`${this.kills} kills, ${this.sender.acked} acknowledged`);
    }
  }

  /** Nothing is excused by it, and nothing waits for it. */
  private troubleRedis(): void {
    const fault = this.faultsOfRedis[this.redisFaults.length % this.faultsOfRedis.length] as Fault;
    this.redisFaults.push(fault.kind);
    this.redisFault = this.goThrough(fault, this.redisFault);
  }

  private async goThrough(fault: Fault, before: Promise<void>): Promise<void> {
    const [min, max] = fault.duration;
    await before;
    await fault.begin();
    await sleep(min + Math.random() * (max - min));
    await fault.end();
  }

  private async takeDatabaseAway(): Promise<void> {
    const number = this.outageCount++;
    const fault = this.faults[number % this.faults.length] as Fault;
    const [min, max] = fault.duration;
    const outage = this.outages.begin(fault.kind);
    await fault.begin();
    outage.downAt = now();
    const away = sleep(min + Math.random() * (max - min));
    // The next life starts without its database, and comes up when that does.
    const isWithKill = number % KILL_IN_OUTAGE_EVERY === 2 && this.kills < this.plan.kills;
    const killed = isWithKill ? this.kill() : undefined;
    outage.hadKill = isWithKill;
    await away;
    outage.endingAt = now();
    await fault.end();
    this.outages.end(outage);
    await killed;
    const deadline = now() + RECOVERY_MS;
    while (outage.recoveredAt === null && now() < deadline) await sleep(TICK_MS);
  }
}
