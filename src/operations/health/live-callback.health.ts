import { Inject, Injectable, Logger } from '@nestjs/common';

import { errorText } from '../../common/error-text.js';
import { SharedAnswer } from '../../common/shared.answer.js';
import { withTimeout } from '../../common/with-timeout.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { readFigures, type BacklogFigures } from './backlog.query.js';
import { ClockError } from './clock.error.js';
import { readReconciliation, type ReconciliationStanding } from './reconciliation.query.js';
import { TemplateDrift } from './template-drift.js';
import { ClockWatch, type ClockReport } from '../../receiving/verification/clock.watch.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { CallbackSpool } from '../../storage/spool/callback.spool.js';

/** A probe that answers later is taken for none, ms. */
const DEADLINE_MS = 3_000;
/** How long a report is good for, ms: probes of several balancers share one. */
const FRESH_MS = 1_000;

/** How the module is. Holds no name, no address and no text of an error, so it may be shown. */
export interface LiveCallbackHealthReport {
  /**
   * `down` when callbacks cannot be stored now. Backlog, dead letters and the rest do not make it so:
   * they are about listeners, and a node that is taken out of the balancer for them would refuse
   * callbacks that it can store, while no other node could do better. Watch their figures.
   */
  readonly status: 'up' | 'down';
  readonly storage: {
    /** Whether the database takes a write transaction; `spooling` when only the spool takes callbacks. */
    readonly status: 'up' | 'spooling' | 'down';
    /** Codes of what callbacks may not survive in the database, such as `fsync` (docs/hosts.md). */
    readonly findings: readonly string[];
  };
  /** Callbacks that wait in the spool; null without one. */
  readonly spooled: number | null;
  /** Callbacks that lie in the spool and cannot be taken in, as the log says; null without one. */
  readonly spoolSetAside: number | null;
  readonly clock: ClockReport;
  /** Null, as the figures below, when the database did not tell in time. */
  readonly backlog: BacklogFigures['backlog'] | null;
  readonly listeners: BacklogFigures['listeners'] | null;
  readonly deadLetters: number | null;
  readonly quarantined: number | null;
  readonly unknown: number | null;
  /** Null as well where nobody compares with the cloud. */
  readonly reconciliation: ReconciliationStanding | null;
  /** How often the account differs from the callback templates that are declared; null where this process does not look. */
  readonly templateDrift: number | null;
}

/** Says whether callbacks can be stored now, and what waits. */
@Injectable()
export class LiveCallbackHealth {
  private readonly logger = new Logger('LiveCallback');
  private probing: Promise<void> | undefined;
  private counting: Promise<Figures> | undefined;
  private readonly stored = new SharedAnswer(() => this.askDatabase());
  private wasUp = true;

  constructor(
    private readonly database: CallbackDatabase,
    private readonly clock: ClockWatch,
    @Inject(CallbackSpool) private readonly spool: CallbackSpool | null,
    private readonly drift: TemplateDrift,
    private readonly config: LiveCallbackConfig,
  ) {}

  /** Name of the registration that it speaks of. */
  get registration(): string {
    return this.config.name;
  }

  /**
   * Asks the database for what storing needs, a write transaction on the table of callbacks, or else
   * the spool, and looks at the clock. Waits like a callback while another connection holds the write
   * lock.
   *
   * @throws the database's error when it cannot, and a ClockError when the clock is so wrong that every
   *   callback is refused
   */
  async check(): Promise<void> {
    try {
      await this.probe();
    } catch (error) {
      if (!this.canSpool()) throw error;
    }
    const { status, offsetSeconds } = this.clock.report();
    if (status === 'up') return;
    throw new ClockError(
      `Callbacks are refused, because the clock of this host is off by ${offsetSeconds} s. Set it by NTP.`,
    );
  }

  /**
   * Never throws, and answers within 3 seconds.
   *
   * @param freshMs how old the answer may be, ms: the same again until then. Default: a second
   */
  async report(freshMs = FRESH_MS): Promise<LiveCallbackHealthReport> {
    const { status, figures } = await this.stored.get(freshMs);
    // Costs nothing, and changes with every callback.
    const clock = this.clock.report();
    const isUp = status !== 'down' && clock.status === 'up';
    return {
      status: isUp ? 'up' : 'down',
      storage: { status, findings: this.database.findings },
      spooled: this.spool?.waiting ?? null,
      spoolSetAside: this.spool?.setAside ?? null,
      clock,
      backlog: figures?.backlog ?? null,
      listeners: figures?.listeners ?? null,
      deadLetters: figures?.deadLetters ?? null,
      quarantined: figures?.quarantined ?? null,
      unknown: figures?.unknown ?? null,
      reconciliation: figures?.reconciliation ?? null,
      templateDrift: this.drift.differences,
    };
  }

  private async askDatabase(): Promise<StoredReport> {
    const deadline = performance.now() + DEADLINE_MS;
    try {
      await until(deadline, this.probe());
    } catch (error) {
      if (this.wasUp) this.logger.warn(`Callbacks cannot be stored: ${errorText(error)}`);
      this.wasUp = false;
      return { status: this.canSpool() ? 'spooling' : 'down', figures: null };
    }
    if (!this.wasUp) this.logger.log('Callbacks can be stored again');
    this.wasUp = true;
    const figures = await until(deadline, this.count()).catch((error: unknown) => {
      this.logger.warn(`The backlog could not be counted: ${errorText(error)}`);
      return null;
    });
    return { status: 'up', figures };
  }

  private canSpool(): boolean {
    if (!this.spool) return false;
    try {
      this.spool.probe();
      return true;
    } catch (error) {
      this.logger.warn(`The spool takes nothing either: ${errorText(error)}`);
      return false;
    }
  }

  /** One at a time: probes of a database that hangs must not use up its connections. */
  private probe(): Promise<void> {
    this.probing ??= this.writeProbe().finally(() => (this.probing = undefined));
    return this.probing;
  }

  private async writeProbe(): Promise<void> {
    await this.database.probe();
  }

  private count(): Promise<Figures> {
    this.counting ??= this.readFigures().finally(() => (this.counting = undefined));
    return this.counting;
  }

  private async readFigures(): Promise<Figures> {
    const { name, clock } = this.config;
    const { dataSource } = this.database;
    const backlog = await readFigures(dataSource, name);
    return { ...backlog, reconciliation: await readReconciliation(dataSource, name, clock()) };
  }
}

interface StoredReport {
  readonly status: LiveCallbackHealthReport['storage']['status'];
  readonly figures: Figures | null;
}

/** What is read from the tables. */
interface Figures extends BacklogFigures {
  readonly reconciliation: ReconciliationStanding | null;
}

/** @param deadline time of `performance.now()` */
function until<T>(deadline: number, work: Promise<T>): Promise<T> {
  return withTimeout(
    work,
    deadline - performance.now(),
    () => new Error(`no answer from the database in ${DEADLINE_MS} ms`),
  );
}
