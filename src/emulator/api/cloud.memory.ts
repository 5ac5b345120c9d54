import { drawnFor } from '../seeded.random.js';
import type { CallbackAttempt, EmulatedSession, StreamHistory } from '../stream.history.js';

/**
 * How long the cloud takes to know of something, at most, ms. Each push and attempt has a delay of its
 * own below that, drawn by the seed. No document says how long it is.
 */
export interface MemoryDelays {
  /** Until a push is in, or out of, the lists of what is live. Default: 0. */
  onlineMs?: number;
  /** Until a push that has ended is in the lists of the past. Default: 0. */
  eventsMs?: number;
  /** Until an attempt is in the callback records. Default: 0. */
  recordsMs?: number;
  /** Default: 1. */
  seed?: number;
}

/** What the cloud knows by now of what has happened. */
export class CloudMemory {
  constructor(
    private readonly history: StreamHistory,
    readonly now: () => number,
    private readonly delays: MemoryDelays,
  ) {}

  /** Pushes that run at this moment. */
  running(): readonly EmulatedSession[] {
    return this.history.sessions().filter(({ endedAt }) => endedAt === null);
  }

  /** Pushes of which the lists say that they run. */
  online(): readonly EmulatedSession[] {
    return this.history.sessions().filter((push) => {
      const known = this.now() - this.delayOf(push, this.delays.onlineMs);
      return push.startedAt <= known && (push.endedAt === null || push.endedAt > known);
    });
  }

  /** Pushes that are known to have ended, in the order of their ends. */
  ended(): readonly EndedPush[] {
    return this.history
      .sessions()
      .filter((push): push is EndedPush => push.endedAt !== null)
      .filter((push) => push.endedAt + this.delayOf(push, this.delays.eventsMs) <= this.now())
      .toSorted((one, other) => one.endedAt - other.endedAt);
  }

  /** Every push, whatever is known of it. */
  pushes(): readonly EmulatedSession[] {
    return this.history.sessions();
  }

  /** Attempts that are in the records. */
  attempts(): readonly CallbackAttempt[] {
    const { recordsMs = 0, seed = 1 } = this.delays;
    return this.history
      .attempts()
      .filter(({ id, endedAt }) => endedAt + drawnFor(id, seed) * recordsMs <= this.now());
  }

  private delayOf({ domain, appName, streamName, startedAt }: EmulatedSession, mostMs = 0): number {
    const { seed = 1 } = this.delays;
    return drawnFor(`${domain}/${appName}/${streamName}/${startedAt}`, seed) * mostMs;
  }
}

/** A push that is over. */
export type EndedPush = EmulatedSession & { readonly endedAt: number };
