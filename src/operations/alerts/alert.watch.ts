import { Injectable, Logger } from '@nestjs/common';

import { errorText } from '../../common/error-text.js';
import { OutageLog } from '../../common/outage.log.js';
import { outsideRequests } from '../../common/outside-requests.js';
import { emitSignal, isHeard, type LiveCallbackSignals } from '../../common/signals.js';
import { TimeScale } from '../../common/time-scale.js';
import { LiveCallbackConfig } from '../../options/live-callback.config.js';
import { CallbackDatabase } from '../../storage/connection/callback.database.js';
import { ListenerHoldStore } from '../../storage/listener-hold.store.js';
import { LiveCallbackHealth } from '../health/live-callback.health.js';
import { readWaiting } from '../overview/delivery.queries.js';
import { readRefusals } from '../overview/refusal.query.js';
import { AlertBook } from './alert.book.js';
import { countConflicting } from './conflict.query.js';
import { countStale } from './session.query.js';
import { ownTroubles, sharedTroubles, troubleKey, type Trouble } from './alert.conditions.js';

/** How often it is looked for trouble, ms. */
const INTERVAL_MS = 10_000;
const BEHIND_MS = 300_000;
const CAUGHT_UP_MS = 60_000;
/** Refused requests in {@link REFUSALS_MS} that are a burst. */
const REFUSALS = 100;
const REFUSALS_MS = 300_000;
/** How long a callback that contradicts an earlier one is trouble, ms. */
const CONFLICTING_MS = 3_600_000;
/** A failed comparison is made again each minute, s. */
const UNCOMPARED_SECONDS = 900;
/** Deliveries that are looked at. */
const COUNTED_TO = 10_000;

/**
 * Tells of trouble when it begins and when it ends, by the signal `alert`, and not in between. Looks only
 * while somebody in this process listens to that.
 */
@Injectable()
export class AlertWatch {
  private readonly outage = new OutageLog(new Logger('LiveCallback'));
  private own: readonly Trouble[] = [];
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = true;

  constructor(
    private readonly database: CallbackDatabase,
    private readonly book: AlertBook,
    private readonly health: LiveCallbackHealth,
    private readonly holds: ListenerHoldStore,
    private readonly time: TimeScale,
    private readonly config: LiveCallbackConfig,
  ) {}

  start(): void {
    this.isStopped = false;
    this.plan();
  }

  /** Resolves when a look that is going on has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private plan(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.looking = outsideRequests(() => this.look()).then(() => this.plan());
    }, this.time.real(INTERVAL_MS)).unref();
  }

  private async look(): Promise<void> {
    if (!isHeard('alert')) return;
    const health = await this.health.report();
    const own = ownTroubles(health);
    for (const trouble of without(own, this.own)) this.tell(trouble, 'begins');
    for (const trouble of without(this.own, own)) this.tell(trouble, 'ends');
    this.own = own;
    // What the tables would say is not known.
    if (health.backlog === null) return;
    try {
      await this.compare(health);
      this.outage.works();
    } catch (error) {
      this.outage.failed(() => `Alerts could not be looked for: ${errorText(error)}`);
    }
  }

  private async compare(health: Awaited<ReturnType<LiveCallbackHealth['report']>>): Promise<void> {
    const { name, sessions, clock } = this.config;
    const now = Date.now();
    const known = await this.book.known();
    const held = await this.holds.all();
    // Where somebody compares, what is missing in the cloud tells; its age does not.
    const stale = sessions && (health.reconciliation ? null : new Date(clock() - sessions.staleMs));
    const [pending, dead, refusals, conflicting, staleCount] = await this.database.read((tables) =>
      Promise.all([
        readWaiting(tables, name, 'pending', COUNTED_TO),
        readWaiting(tables, name, 'dead', COUNTED_TO),
        readRefusals(tables, name, new Date(now - REFUSALS_MS)),
        countConflicting(tables, name, new Date(now - this.time.real(CONFLICTING_MS))),
        sessions && countStale(tables, name, stale),
      ]),
    );
    const refused = refusals.reduce((sum, { count }) => sum + count, 0);
    const figures = { pending, dead, held, health, refused, conflicting, stale: staleCount };
    const troubles = sharedTroubles(figures, new Set(known.map(troubleKey)), now, {
      behindMs: this.time.real(BEHIND_MS),
      caughtUpMs: this.time.real(CAUGHT_UP_MS),
      refusals: REFUSALS,
      uncomparedSeconds: UNCOMPARED_SECONDS,
    });
    for (const trouble of without(troubles, known)) {
      if (await this.book.begin(trouble)) this.tell(trouble, 'begins');
    }
    for (const trouble of without(known, troubles)) {
      if (await this.book.end(trouble)) this.tell(trouble, 'ends');
    }
  }

  private tell(
    { alert, listener, detail }: Trouble,
    state: LiveCallbackSignals['alert']['state'],
  ): void {
    const { name: registration } = this.config;
    const said = state === 'begins' ? detail : '';
    emitSignal('alert', () => ({ alert, state, registration, listener, detail: said }));
  }
}

/** Those that the others have not. */
function without(troubles: readonly Trouble[], others: readonly Trouble[]): Trouble[] {
  const keys = new Set(others.map(troubleKey));
  return troubles.filter((trouble) => !keys.has(troubleKey(trouble)));
}
