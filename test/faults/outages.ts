import { now } from './clock.js';

/** How long the 200 for what was committed before an outage may be on its way, ms. */
const ON_ITS_WAY_MS = 2_000;

/** One time without the database. Times as of {@link now}, null while they have not come. */
export interface Outage {
  readonly kind: string;
  /** Before the fault. */
  readonly beganAt: number;
  /** Nothing could be committed from here… */
  downAt: number | null;
  /** …to here, when its end began. */
  endingAt: number | null;
  /** The database took work again. */
  backAt: number | null;
  /** The application answered 200 again. */
  recoveredAt: number | null;
  /** The application was killed in it, so that the time to recover has a start in it. */
  hadKill: boolean;
  /** Answers within it, other than 200. */
  refusals: number;
}

/** Knows when the database was away, and judges the answers of that time. */
export class Outages {
  readonly all: Outage[] = [];
  /** The one that goes on, until the database is back. */
  current: Outage | null = null;

  begin(kind: string): Outage {
    const outage: Outage = {
      kind,
      beganAt: now(),
      downAt: null,
      endingAt: null,
      backAt: null,
      recoveredAt: null,
      hadKill: false,
      refusals: 0,
    };
    this.all.push(outage);
    this.current = outage;
    return outage;
  }

  end(outage: Outage): void {
    outage.backAt = now();
    this.current = null;
  }

  /** @returns whether it was an answer that must not be: 200 while nothing could be committed */
  isWrong(sentAt: number, status: number): boolean {
    const outage = this.all.at(-1);
    if (!outage) return false;
    const isEnding = outage.endingAt !== null;
    if (status !== 200) {
      if (!isEnding) outage.refusals++;
      return false;
    }
    if (isEnding) outage.recoveredAt ??= now();
    if (isEnding || outage.downAt === null) return false;
    return sentAt > outage.downAt || now() - outage.downAt > ON_ITS_WAY_MS;
  }

  /** Whether an outage went on at any time between these two. */
  touches(from: number, to: number): boolean {
    return this.all.some(({ beganAt, backAt }) => beganAt <= to && (backAt ?? Infinity) >= from);
  }
}
