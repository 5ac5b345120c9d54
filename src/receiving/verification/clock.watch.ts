import { Injectable } from '@nestjs/common';

import { LiveCallbackConfig } from '../../options/live-callback.config.js';

/** `t` of a callback is the time of sending plus this, seconds (docs/protocol.md, 1.4). */
const LIFETIME_SECONDS = 600;
/** A callback whose `t` lies further ahead is refused as not yet valid, seconds. */
const SLOW_LIMIT_SECONDS = 300;
/** How well pairs must agree on the time to be witnesses together, seconds: latency and rounding. */
const AGREEMENT_SECONDS = 5;
/** The same against the time of an accepted callback. A pair that has rightly expired is off by more. */
const ANCHORED_AGREEMENT_SECONDS = 60;
/** Distinct values of `t` that convict the clock, and the time between the first and the last of them. */
const WITNESSES = 3;
const WITNESSED_SECONDS = 10;
/** How long refusals count, ms. A node that gets no callbacks any more is tried again after it. */
const HOLD_MS = 600_000;

/** What authentic callbacks say about the clock of this host. */
export interface ClockReport {
  /** `down` when the clock is so wrong that every callback is refused. */
  readonly status: 'up' | 'down';
  /** How far this clock is ahead of CSS's at most, seconds; null while no callback has told. */
  readonly offsetSeconds: number | null;
  /** Callbacks since the start that were signed correctly and refused as `expired`. */
  readonly expired: number;
  /** The same, refused as `not-yet-valid`. */
  readonly notYetValid: number;
}

/** A refused pair that may be right while the clock is wrong. */
interface Witness {
  readonly t: number;
  /** Monotonic time, ms. */
  readonly at: number;
}

/**
 * Tells a clock that is wrong from requests that are old.
 *
 * Each authentic callback says that CSS's clock showed at least `t - 600` when it came: CSS cannot
 * have sent it later, and nobody else can sign a later `t`. The best of these bounds, carried on by the
 * monotonic clock, is the time of CSS as this process knows it, and what the wall clock is ahead of it
 * is its offset. Old pairs, however many and however often they are replayed, only give lower bounds
 * than the best one, and change nothing.
 *
 * The clock is too fast when all of this holds:
 * - by that offset a callback that is sent now would be refused as expired;
 * - such refusals came in the last ten minutes, and no callback was accepted after them;
 * - they know the time as well as the best bound does. If that comes from an accepted callback, one of
 *   them is proof: the wall clock has been stepped since, and a replayed pair would be ten minutes off.
 *   Otherwise, when nothing was accepted since the start, it takes three distinct `t` that agree within
 *   seconds and are ten seconds apart, as the live traffic of a sender is. One pair that is replayed
 *   does not do that, nor does a handful that is fired off together. Who recorded a stretch of traffic
 *   can replay it at its pace, but only to a process that has just started, and only until the next
 *   genuine callback.
 *
 * Too slow, the same with refusals as not yet valid: nobody but CSS can sign those.
 *
 * It recovers with the first accepted callback, at once when the clock is set right, and by itself after
 * ten minutes, because a node that is out of the balancer gets no callback that could prove it right.
 */
@Injectable()
export class ClockWatch {
  /** Time of CSS minus monotonic time, seconds. */
  private best = -Infinity;
  /** Whether {@link best} comes from an accepted callback. */
  private isAnchored = false;
  private expired: Witness[] = [];
  private notYetValid: Witness[] = [];
  private readonly counts = { expired: 0, notYetValid: 0 };

  constructor(private readonly config: LiveCallbackConfig) {}

  /** A callback was signed correctly and in time. */
  accepted(t: number): void {
    const bound = boundOf(t);
    // Follows a drift of the monotonic clock down, but not a late or replayed callback.
    if (bound > this.best - AGREEMENT_SECONDS) this.best = bound;
    this.isAnchored = true;
    this.expired = [];
    this.notYetValid = [];
  }

  /** A callback was signed correctly and refused for its time. */
  refused(t: number, reason: 'expired' | 'not-yet-valid'): void {
    if (reason === 'expired') {
      this.counts.expired++;
      if (this.isWitness(boundOf(t))) this.expired = withWitness(this.expired, t);
    } else {
      this.counts.notYetValid++;
      this.notYetValid = withWitness(this.notYetValid, t);
    }
  }

  report(): ClockReport {
    const isDown = this.isFast || this.isSlow;
    const offset = this.isSlow ? this.slowOffset : this.offset;
    return {
      status: isDown ? 'down' : 'up',
      offsetSeconds: Number.isFinite(offset) ? Math.round(offset) : null,
      expired: this.counts.expired,
      notYetValid: this.counts.notYetValid,
    };
  }

  /** Learns from a pair that has expired by this clock. False for one that is just old. */
  private isWitness(bound: number): boolean {
    const ahead = bound - this.best;
    const agreement = this.isAnchored ? ANCHORED_AGREEMENT_SECONDS : AGREEMENT_SECONDS;
    if (ahead < -agreement) return false;
    if (ahead > agreement) {
      // Later than all that is known: what was seen before were old pairs.
      this.isAnchored = false;
      this.expired = [];
    }
    this.best = Math.max(this.best, bound);
    return true;
  }

  private get isFast(): boolean {
    const recent = recentOf(this.expired);
    if (this.offset < LIFETIME_SECONDS + this.config.expiryGraceSeconds) return false;
    return this.isAnchored ? recent.length > 0 : convicts(recent);
  }

  private get isSlow(): boolean {
    return convicts(recentOf(this.notYetValid)) && this.slowOffset < -SLOW_LIMIT_SECONDS;
  }

  /** How far the wall clock is ahead, seconds; infinite while nothing is known. */
  private get offset(): number {
    return this.config.clock() / 1000 - (this.best + performance.now() / 1000);
  }

  private get slowOffset(): number {
    const { t = Infinity, at = 0 } = this.notYetValid.at(-1) ?? {};
    const passed = (performance.now() - at) / 1000;
    return this.config.clock() / 1000 - (t - LIFETIME_SECONDS + passed);
  }
}

/** When a callback was signed, as its `t` says, Unix milliseconds; null for one that is not signed. */
export function signedAt(t: unknown): number | null {
  return t === undefined ? null : (Number(t) - LIFETIME_SECONDS) * 1000;
}

/** What a pair that came now says of CSS's time, less the monotonic time, seconds. */
function boundOf(t: number): number {
  return t - LIFETIME_SECONDS - performance.now() / 1000;
}

/** The first ones and the latest are enough, so memory stays flat. */
function withWitness(witnesses: readonly Witness[], t: number): Witness[] {
  const others = recentOf(witnesses).filter((it) => it.t !== t);
  const kept =
    others.length > WITNESSES ? [...others.slice(0, WITNESSES - 1), ...others.slice(-1)] : others;
  return [...kept, { t, at: performance.now() }];
}

function recentOf(witnesses: readonly Witness[]): Witness[] {
  const since = performance.now() - HOLD_MS;
  return witnesses.filter(({ at }) => at > since);
}

function convicts(witnesses: readonly Witness[]): boolean {
  const times = witnesses.map(({ t }) => t);
  return times.length >= WITNESSES && Math.max(...times) - Math.min(...times) >= WITNESSED_SECONDS;
}
