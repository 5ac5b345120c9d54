import type { EventPass } from './event.pass.js';
import type { GapPass } from './gap.pass.js';
import type { ListDelay } from './list.delay.js';
import type { OnlinePass } from './online.pass.js';
import type { Progress, ReconciliationLease } from './reconciliation.lease.js';
import type { ReconciliationConfig } from './reconciliation.options.js';
import type { ShownPushes } from './shown.pushes.js';
import type { RunningPush } from '../reading/cloud.rows.js';

/** What a cycle works with. */
export interface ReconcilerParts {
  readonly online: OnlinePass;
  readonly events: EventPass;
  readonly gap: GapPass;
  readonly shown: ShownPushes;
  readonly delay: ListDelay;
  readonly lease: ReconciliationLease;
  readonly config: ReconciliationConfig;
  readonly now: () => number;
  /** What went wrong in a part of a cycle, which is done again in the next one. */
  readonly onFailure: (part: string, error: unknown) => void;
}

/** How a cycle went. */
export interface Cycle {
  /** Whether this process is the one that compares. */
  readonly isLeader: boolean;
  /** Whether everything that was asked was answered. */
  readonly isWhole: boolean;
  /** Pushes that ended before have been compared, Unix milliseconds; null before the first time. */
  readonly watermarkAt: number | null;
  /** Since when nobody compared, as long as that is not made up for, Unix milliseconds. */
  readonly gapFrom: number | null;
}

const MINUTE_MS = 60_000;
const EVENTS_EVERY_MS = 5 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const DEEP_MS = 2 * DAY_MS;
/** The event list knows no longer. */
const LONGEST_AGO_MS = 59 * DAY_MS;
const LONGEST_SPAN_MS = 30 * DAY_MS;

/** Makes one cycle after the other: what is live, and every five minutes what has ended. */
export class Reconciler {
  private eventsAt = -Infinity;

  constructor(private readonly parts: ReconcilerParts) {}

  /**
   * @param isFull whether what has ended is compared, although its time has not come
   * @throws the database's error when the lease cannot be looked at
   */
  async cycle(isFull = false): Promise<Cycle> {
    const { lease, config, online, shown, now } = this.parts;
    const progress = await lease.take();
    if (!progress) return { isLeader: false, isWhole: false, watermarkAt: null, gapFrom: null };
    let isWhole = true;
    let asked: Promise<RunningPush[]> | undefined;
    const running = () => (asked ??= shown.running());
    for (const domain of config.domains) {
      isWhole = (await this.attempt('online list', () => online.run(domain, running))) && isWhole;
    }
    let { watermarkAt, gapFrom } = progress;
    if (isFull || now() >= this.eventsAt + EVENTS_EVERY_MS) {
      const reached = await this.compareEnded(progress);
      if (reached === null) isWhole = false;
      else {
        this.eventsAt = now();
        watermarkAt = reached;
      }
    }
    if (gapFrom !== null && isWhole && (await this.makeUpFor(gapFrom))) gapFrom = null;
    return { isLeader: true, isWhole: isWhole && gapFrom === null, watermarkAt, gapFrom };
  }

  /** After the comparison, which has covered the gap already as far as lists tell of it. */
  private async makeUpFor(gapFrom: number): Promise<boolean> {
    const { gap, lease } = this.parts;
    let isDone = false;
    const isRead = await this.attempt('callback records', async () => {
      isDone = await gap.run(gapFrom);
    });
    if (isRead && isDone) await lease.closeGap();
    return isRead && isDone;
  }

  /** @returns the new watermark; null unless all of it was read and compared */
  private async compareEnded(progress: Progress): Promise<number | null> {
    const { lease, config, events, delay, now } = this.parts;
    const { watermarkAt, deepAt } = progress;
    const at = now();
    const to = at - config.clockMarginMs;
    const isDeep = at - (deepAt ?? -Infinity) >= DAY_MS;
    const since = (watermarkAt ?? at) - config.lookBackMs;
    const from = Math.max(isDeep ? Math.min(since, at - DEEP_MS) : since, at - LONGEST_AGO_MS);
    let isWhole = true;
    for (const domain of config.domains) {
      for (let begin = from; begin < to; begin += LONGEST_SPAN_MS) {
        const stretch = { from: begin, to: Math.min(begin + LONGEST_SPAN_MS, to) };
        const isRead = await this.attempt('event list', () => events.run(domain, stretch));
        isWhole &&= isRead;
      }
    }
    if (!isWhole || !(await lease.take())) return null;
    const reached = Math.max(watermarkAt ?? -Infinity, at - delay.ms);
    await lease.keep({ watermarkAt: reached, deepAt: isDeep ? at : deepAt }, progress);
    return reached;
  }

  private async attempt(part: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.parts.onFailure(part, error);
      return false;
    }
  }
}
