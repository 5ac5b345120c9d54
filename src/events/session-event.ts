import type { Interpretation } from './event-interpreter.js';
import type { JsonObject } from './payload/payload.js';
import type { StreamIdentity } from './stream-identity.js';

/** Kinds of the events that tell of sessions. CSS sends none of them: they are worked out. */
export const SESSION_EVENT_KINDS = [
  'session-started',
  'session-interrupted',
  'session-resumed',
  'session-ended',
  'session-corrected',
] as const;

/** Name of a kind of event that tells of a session. */
export type SessionEventKind = (typeof SESSION_EVENT_KINDS)[number];

/** Where a session is: pushed, silent within the reconnect window, or over. */
export type SessionState = 'live' | 'interrupted' | 'ended';

/**
 * Where a push is. `open` and `closed` by what CSS sent; `open-inferred` and `closed-inferred` by what its
 * API says; `unconfirmed`: open, and missing from what is live in the cloud; `orphan-end`: its interruption came
 * and its push did not, or not yet.
 */
export type PushState =
  'open' | 'open-inferred' | 'unconfirmed' | 'closed' | 'closed-inferred' | 'orphan-end';

/** How a time is known, best first: what CSS has sent, what its API says, what follows from others. */
export type EvidenceSource =
  'callback' | 'callback-record' | 'event-list' | 'backup-list' | 'online-list' | 'inferred';

/** Why a push has ended. */
export interface EndReason {
  /** As the interruption says. */
  readonly errcode: number;
  /** Identifier of its meaning, such as `interrupt.kicked`; null for one that is not documented. */
  readonly id: string | null;
  /** What to do about it, in English; null for one that is not documented. */
  readonly hint: string | null;
}

/** A session at one moment. */
export interface SessionSummary {
  /** Of its first push; each id that the session had before leads to it too. */
  readonly id: string;
  readonly stream: StreamIdentity;
  readonly state: SessionState;
  readonly startedAt: Date;
  readonly startedBy: EvidenceSource;
  /** When its last push ended; null while it is live. */
  readonly interruptedAt: Date | null;
  /** The same, once it is over; null before. */
  readonly endedAt: Date | null;
  readonly endedBy: EvidenceSource | null;
  /** Why its last push ended; null while it is live, and where nobody has said. */
  readonly endReason: EndReason | null;
  /** The latest time at which anything is known of it. */
  readonly lastConfirmedAt: Date;
  /** How many pushes it has. */
  readonly pushesCount: number;
  /** How many of them are open. */
  readonly openCount: number;
  /** How many of these are missing from what is live in the cloud: their end may have been missed. */
  readonly unconfirmedCount: number;
  /** How long it was pushed, ms, without gaps; of a live one until now. */
  readonly uptimeMs: number;
  /** How long it was silent between its pushes, ms. */
  readonly gapMs: number;
  /** How many such gaps there were. */
  readonly reconnects: number;
  /** The most pushes at one time. */
  readonly peakConcurrentPushes: number;
  /** Of its latest push that says so, px. */
  readonly width: number | null;
  readonly height: number | null;
}

/** What an event tells of a session. */
export interface SessionEventData {
  /** As it is after the event. */
  readonly session: SessionSummary;
  /** Ids of sessions that turned out to be part of this one. */
  readonly merged: readonly string[];
}

/** From kind to payload. */
export type SessionEventMap = Record<SessionEventKind, SessionEventData>;

/** Whether a kind tells of sessions. */
export function isSessionKind(kind: string): kind is SessionEventKind {
  return (SESSION_EVENT_KINDS as readonly string[]).includes(kind);
}

/** The body of the row that keeps an event. */
export function sessionEventBody(data: SessionEventData): string {
  return JSON.stringify(data);
}

/** What such a body means. @param kind that of its row, since the body does not say it */
export function meaningOfSession(
  kind: string,
  occurredAt: Date | null,
  payload: JsonObject,
): Pick<Interpretation, 'kind' | 'stream' | 'occurredAt' | 'data'> {
  const { session, merged } = payload as unknown as SessionEventData;
  const data: SessionEventData = {
    session: {
      ...session,
      startedAt: new Date(session.startedAt),
      interruptedAt: toDate(session.interruptedAt),
      endedAt: toDate(session.endedAt),
      lastConfirmedAt: new Date(session.lastConfirmedAt),
    },
    merged,
  };
  return { kind, stream: session.stream, occurredAt, data };
}

function toDate(time: Date | string | null): Date | null {
  return time === null ? null : new Date(time);
}
