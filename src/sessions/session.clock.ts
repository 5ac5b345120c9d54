import { Injectable, Logger } from '@nestjs/common';

import { errorText } from '../common/error-text.js';
import { OutageLog } from '../common/outage.log.js';
import { outsideRequests } from '../common/outside-requests.js';
import { TimeScale } from '../common/time-scale.js';
import { RetentionClock } from '../operations/retention/retention.clock.js';
import { LiveCallbackConfig } from '../options/live-callback.config.js';
import { CallbackDatabase } from '../storage/connection/callback.database.js';
import { LiveSession } from '../storage/entities/index.js';
import { SessionWriter } from './session.writer.js';

/** How often it is looked at whose window has passed, ms. */
const INTERVAL_MS = 1_000;
/** How often old ones are looked for, ms. */
const FORGET_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Sessions that one transaction ends, or forgets. */
const CHUNK = 200;

/** Ends sessions that nobody has gone on with, by the clock of the database, and forgets old ones. */
@Injectable()
export class SessionClock {
  private readonly outage = new OutageLog(new Logger('LiveCallback'));
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = true;
  private forgotAt = performance.now();

  constructor(
    private readonly database: CallbackDatabase,
    private readonly writer: SessionWriter,
    private readonly time: TimeScale,
    private readonly retention: RetentionClock,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** To be called where this process runs listeners. */
  start(): void {
    if (this.config.sessions === null) return;
    this.isStopped = false;
    this.plan();
  }

  /** Resolves when the transaction in progress has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private plan(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.running = outsideRequests(() => this.run()).then(() => this.plan());
    }, this.time.real(INTERVAL_MS)).unref();
  }

  private async run(): Promise<void> {
    try {
      let ids: string[];
      do {
        ids = await this.dueIds();
        if (ids.length > 0) await this.writer.end(ids);
      } while (ids.length === CHUNK && !this.isStopped);
      await this.forgetOld();
      this.outage.works();
    } catch (error) {
      this.outage.failed(() => `Sessions could not be ended, and are later: ${errorText(error)}`);
    }
  }

  /** As long as rows of callbacks are kept, sessions are. */
  private async forgetOld(): Promise<void> {
    const { retention } = this.config;
    if (retention === null || performance.now() - this.forgotAt < FORGET_MS) return;
    this.forgotAt = performance.now();
    const before = new Date((await this.retention.now()) - retention.rowDays * DAY_MS);
    while (!this.isStopped && (await this.writer.forget(before, CHUNK)) === CHUNK);
  }

  /** Without the lock: mostly there are none. */
  private async dueIds(): Promise<string[]> {
    const due = await this.database.manager
      .createQueryBuilder(LiveSession, 's')
      .select('s.id')
      .where("s.registration = :registration AND s.state = 'interrupted'", {
        registration: this.config.name,
      })
      .andWhere("s.state <> 'ended'")
      .andWhere(`s.untilAt <= ${this.database.now}`)
      .limit(CHUNK)
      .getMany();
    return due.map(({ id }) => id);
  }
}
