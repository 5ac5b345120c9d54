import { SAME_MS } from '../events/push-beginning.js';
import type { LivePush, LiveSession } from '../storage/entities/index.js';
import type { PushEvidence } from './push.evidence.js';
import type { SessionNews } from './session-event.writer.js';
import { changesOf } from './session.changes.js';
import { sessionRowOf, toKnown, toSessionPush, type PushRow } from './session.rows.js';
import { sessionsOf } from './session.state.js';

/** What the tables hold of a stream, as far as a change may concern it. */
export interface KnownStream {
  readonly registration: string;
  readonly sessions: readonly LiveSession[];
  /** All pushes of these sessions. */
  readonly pushes: readonly PushRow[];
  readonly windowMs: number;
  /** The time of the database, Unix milliseconds. */
  readonly now: number;
}

/** What a change comes to. */
export interface Regrouping {
  /** Sessions as they are now. */
  readonly rows: readonly LiveSession[];
  /** Ids of those that have become part of others. */
  readonly gone: readonly string[];
  /** Pushes that belong to another session now, without those that change themselves. */
  readonly moves: readonly { readonly to: string; readonly ids: readonly string[] }[];
  /** What is to be told. */
  readonly news: readonly SessionNews[];
}

/** When the pushes of a stream change, before and after; Unix milliseconds. */
export interface ChangedSpan {
  readonly from: number;
  /** Infinity where one is open. */
  readonly to: number;
}

/**
 * Whether a change may concern a session: it has, gets or neighbours a push that changes, or should have been
 * told to be over before what comes after it.
 */
export function isTouched(
  { state, startedAt, interruptedAt, untilAt }: LiveSession,
  { from, to }: ChangedSpan,
  windowMs: number,
  now: number,
): boolean {
  if (state === 'interrupted' && untilAt.getTime() <= now) return true;
  // By the window of then or of now, whichever is longer.
  const until = Math.max(untilAt.getTime(), (interruptedAt?.getTime() ?? Infinity) + windowMs);
  return until >= from - SAME_MS && startedAt.getTime() <= to + windowMs + SAME_MS;
}

/**
 * Works out the sessions of a stream anew in which pushes have changed.
 *
 * @param changed rows of these pushes; they are given their session
 */
export function regroup(
  stream: Pick<PushEvidence, 'streamKey' | 'stream'>,
  changed: readonly LivePush[],
  { registration, sessions, pushes, windowMs, now }: KnownStream,
): Regrouping {
  const changing = new Map(changed.map((push) => [push.id, push]));
  const members = new Map<string, PushRow>(pushes.map((push) => [push.id, push]));
  for (const push of changed) members.set(push.id, push);
  const after = sessionsOf([...members.values()].map(toSessionPush), windowMs, now);
  const rows = new Map(
    after.map((session) => [session.id, sessionRowOf(registration, stream, session)]),
  );
  const moves = after.flatMap(({ id: to, pushes: ids }) => {
    const strangers = ids.filter((id) => !changing.has(id) && members.get(id)!.sessionId !== to);
    return strangers.length === 0 ? [] : [{ to, ids: strangers }];
  });
  for (const session of after) {
    for (const id of session.pushes) {
      const push = changing.get(id);
      if (push) push.sessionId = session.id;
    }
  }
  return {
    rows: [...rows.values()],
    gone: sessions.map(({ id }) => id).filter((id) => !rows.has(id)),
    moves,
    news: changesOf(sessions.map(toKnown), after).map(({ kind, session, merged }) => ({
      kind,
      session: rows.get(session.id)!,
      merged,
    })),
  };
}
