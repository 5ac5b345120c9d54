import type { EvidenceSource, SessionState } from '../events/session-event.js';
import { SAME_MS } from '../events/push-beginning.js';
import { compareSources, type PushSize } from './push.facts.js';
import type { PushStanding } from './push.state.js';

/** What a session is made of. */
export interface SessionPush extends PushStanding {
  readonly id: string;
  readonly appId: string | null;
  readonly errcode: number | null;
  readonly size: PushSize | null;
}

/** A session, and the pushes that make it; times in Unix milliseconds. */
export interface Session {
  readonly id: string;
  /** Ids of its pushes, the earliest first, and after them of those that turned out to be one of these. */
  readonly pushes: readonly string[];
  /** Without the latter. */
  readonly pushesCount: number;
  readonly appId: string | null;
  readonly state: SessionState;
  readonly startedAt: number;
  readonly startedBy: EvidenceSource;
  /** Null while it is live. */
  readonly interruptedAt: number | null;
  readonly endedBy: EvidenceSource | null;
  readonly errcode: number | null;
  /** Until when a push that starts is part of it. */
  readonly until: number;
  readonly lastConfirmedAt: number;
  readonly openCount: number;
  /** How many of these are missing from what is live in the cloud. */
  readonly unconfirmedCount: number;
  /** Without the stretch that is going on. */
  readonly uptimeMs: number;
  /** Beginning of the stretch that is going on; null when none is. */
  readonly liveSince: number | null;
  readonly gapMs: number;
  readonly reconnects: number;
  readonly peakConcurrentPushes: number;
  readonly size: PushSize | null;
}

/** Latest time that a Date can hold: the end of what goes on. */
const FOREVER = 8.64e15;

/** Sources that know no sequence, so that what they tell of a push has to find it by its beginning. */
const LISTS: readonly EvidenceSource[] = ['event-list', 'backup-list', 'online-list'];

type Begun = Pick<SessionPush, 'id' | 'startedAt' | 'startedBy'>;

/**
 * Pushes of a stream that lists of the cloud have told of before their callbacks came: each is the one that
 * began at the same time, and counts no more. Where two could be meant, it is one for one.
 *
 * @returns from the id of such a push to that of what it is
 */
export function doublesOf(pushes: readonly Begun[]): ReadonlyMap<string, string> {
  const doubles = new Map<string, string>();
  const listed = pushes.filter(({ startedBy }) => LISTS.includes(startedBy));
  if (listed.length === 0) return doubles;
  const sent = new Set(pushes.filter((push) => !listed.includes(push)).toSorted(byStart));
  for (const push of listed.toSorted(byStart)) {
    const same = [...sent].find(({ startedAt }) => Math.abs(startedAt - push.startedAt) <= SAME_MS);
    if (!same) continue;
    doubles.set(push.id, same.id);
    sent.delete(same);
  }
  return doubles;
}

/**
 * The sessions that the pushes of one stream make: groups whose gaps are at most the reconnect window. A
 * pure function, so that no order in which pushes became known can matter.
 *
 * @param windowMs reconnect window
 * @param now decides whether an interrupted one is over, Unix milliseconds
 */
export function sessionsOf(
  pushes: readonly SessionPush[],
  windowMs: number,
  now: number,
): Session[] {
  const groups: SessionPush[][] = [];
  const doubles = doublesOf(pushes);
  let until = -Infinity;
  for (const push of pushes.filter(({ id }) => !doubles.has(id)).toSorted(byStart)) {
    if (push.startedAt > until) groups.push([]);
    groups.at(-1)!.push(push);
    until = Math.max(until, untilOf(push, windowMs));
  }
  return groups.map((group) => sessionOf(group, doubles, windowMs, now));
}

function byStart<P extends Begun>(a: P, b: P): number {
  return a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1);
}

function endOf({ endedAt }: SessionPush): number {
  return endedAt ?? FOREVER;
}

function untilOf(push: SessionPush, windowMs: number): number {
  return Math.min(FOREVER, endOf(push) + windowMs);
}

/** @param pushes of one session, the earliest first */
function sessionOf(
  pushes: readonly SessionPush[],
  doubles: ReadonlyMap<string, string>,
  windowMs: number,
  now: number,
): Session {
  const [first] = pushes as [SessionPush];
  const ids = pushes.map(({ id }) => id);
  const last = pushes.reduce((a, b) => (isLaterEnd(b, a) ? b : a));
  const open = pushes.filter(({ endedAt }) => endedAt === null);
  const isLive = open.length > 0;
  const until = untilOf(last, windowMs);
  return {
    id: first.id,
    pushes: [...ids, ...[...doubles].flatMap(([id, of]) => (ids.includes(of) ? [id] : []))],
    pushesCount: pushes.length,
    appId: latest(pushes, ({ appId }) => appId),
    state: isLive ? 'live' : now < until ? 'interrupted' : 'ended',
    startedAt: first.startedAt,
    startedBy: first.startedBy,
    interruptedAt: last.endedAt,
    endedBy: last.endedBy,
    errcode: isLive ? null : last.errcode,
    until,
    lastConfirmedAt: latestTimeOf(pushes),
    openCount: open.length,
    unconfirmedCount: open.filter(({ state }) => state === 'unconfirmed').length,
    ...stretchesOf(pushes),
    peakConcurrentPushes: peakOf(pushes),
    size: latest(pushes, ({ size }) => size),
  };
}

/** Among those that end at the same time the best known one, of these the one with the greater id. */
function isLaterEnd(a: SessionPush, b: SessionPush): boolean {
  if (endOf(a) !== endOf(b)) return endOf(a) > endOf(b);
  const order = compareSources(a.endedBy ?? 'inferred', b.endedBy ?? 'inferred');
  return order === 0 ? a.id > b.id : order < 0;
}

function latestTimeOf(pushes: readonly SessionPush[]): number {
  return pushes.reduce(
    (time, { startedAt, endedAt }) => Math.max(time, endedAt ?? startedAt),
    -Infinity,
  );
}

/** What the latest push says that says anything. */
function latest<T>(pushes: readonly SessionPush[], read: (push: SessionPush) => T | null) {
  const found = pushes.findLast((push) => read(push) !== null);
  return found ? read(found) : null;
}

/** How long there was a push, and how long and how often there was none. */
function stretchesOf(
  pushes: readonly SessionPush[],
): Pick<Session, 'uptimeMs' | 'liveSince' | 'gapMs' | 'reconnects'> {
  let [since, reach] = [pushes[0]!.startedAt, -Infinity];
  let [uptimeMs, gapMs, reconnects] = [0, 0, 0];
  for (const push of pushes) {
    if (reach !== -Infinity && push.startedAt > reach) {
      uptimeMs += reach - since;
      gapMs += push.startedAt - reach;
      reconnects++;
      since = push.startedAt;
    }
    reach = Math.max(reach, endOf(push));
  }
  const isLive = reach === FOREVER;
  return {
    uptimeMs: isLive ? uptimeMs : uptimeMs + reach - since,
    liveSince: isLive ? since : null,
    gapMs,
    reconnects,
  };
}

/** One that ends in the second in which another starts has been replaced by it. */
function peakOf(pushes: readonly SessionPush[]): number {
  const lasting = pushes.filter((push) => endOf(push) > push.startedAt);
  const ends = lasting.map(endOf).toSorted((a, b) => a - b);
  let [ended, peak] = [0, 1];
  lasting.forEach(({ startedAt }, index) => {
    while (ends[ended]! <= startedAt) ended++;
    peak = Math.max(peak, index + 1 - ended);
  });
  return peak;
}
