import type { LivePush, LiveSession } from '../storage/entities/index.js';
import { columnText, ID_LENGTH, NAME_LENGTH } from '../storage/column-text.js';
import type { PushEvidence } from './push.evidence.js';
import type { PushFacts } from './push.facts.js';
import { standingOf } from './push.state.js';
import type { KnownSession } from './session.changes.js';
import type { Session, SessionPush } from './session.state.js';

/** A push, as the sessions of its stream are made of it. */
export type PushRow = Pick<
  LivePush,
  | 'id'
  | 'sessionId'
  | 'state'
  | 'startedAt'
  | 'startedBy'
  | 'endedAt'
  | 'endedBy'
  | 'errcode'
  | 'width'
  | 'height'
  | 'appId'
>;

/** The properties of {@link PushRow}: few, as there may be thousands of pushes. */
export const PUSH_PROPERTIES = {
  id: true,
  sessionId: true,
  state: true,
  startedAt: true,
  startedBy: true,
  endedAt: true,
  endedBy: true,
  errcode: true,
  width: true,
  height: true,
  appId: true,
} as const satisfies Record<keyof PushRow, true>;

/** The row of a push, which belongs to no session yet. */
export function pushRowOf(
  registration: string,
  { id, sequence }: Pick<PushEvidence, 'id' | 'sequence'>,
  facts: PushFacts,
): LivePush {
  const { state, startedAt, startedBy, endedAt, endedBy } = standingOf(facts);
  return {
    id,
    registration,
    sessionId: id,
    sequence: columnText(sequence, ID_LENGTH),
    state,
    startedAt: new Date(startedAt),
    startedBy,
    endedAt: endedAt === null ? null : new Date(endedAt),
    endedBy,
    errcode: facts.end?.value.errcode ?? null,
    width: facts.size?.value.width ?? null,
    height: facts.size?.value.height ?? null,
    appId: columnText(facts.appId?.value ?? null, ID_LENGTH),
    facts,
  };
}

/** What sessions are made of. */
export function toSessionPush(row: PushRow): SessionPush {
  const { id, state, startedBy, endedBy, errcode, appId, width, height } = row;
  return {
    id,
    state,
    startedAt: row.startedAt.getTime(),
    startedBy,
    endedAt: row.endedAt?.getTime() ?? null,
    endedBy,
    errcode,
    appId,
    size: width !== null && height !== null ? { width, height } : null,
  };
}

/** What is compared with what a session has become. */
export function toKnown({
  id,
  state,
  startedAt,
  startedBy,
  interruptedAt,
  endedBy,
}: LiveSession): KnownSession {
  return {
    id,
    state,
    startedAt: startedAt.getTime(),
    startedBy,
    interruptedAt: interruptedAt?.getTime() ?? null,
    endedBy,
  };
}

/** The row of a session. */
export function sessionRowOf(
  registration: string,
  { streamKey, stream }: Pick<PushEvidence, 'streamKey' | 'stream'>,
  session: Session,
): LiveSession {
  const { interruptedAt, liveSince, size } = session;
  return {
    id: session.id,
    registration,
    streamKey,
    appId: session.appId,
    domain: columnText(stream.domain, NAME_LENGTH),
    path: columnText(stream.path, NAME_LENGTH),
    streamName: columnText(stream.name, NAME_LENGTH),
    state: session.state,
    startedAt: new Date(session.startedAt),
    startedBy: session.startedBy,
    interruptedAt: interruptedAt === null ? null : new Date(interruptedAt),
    endedBy: session.endedBy,
    errcode: session.errcode,
    untilAt: new Date(session.until),
    lastConfirmedAt: new Date(session.lastConfirmedAt),
    pushesCount: session.pushesCount,
    openCount: session.openCount,
    unconfirmedCount: session.unconfirmedCount,
    uptimeMs: session.uptimeMs,
    liveSince: liveSince === null ? null : new Date(liveSince),
    gapMs: session.gapMs,
    reconnects: session.reconnects,
    peakConcurrentPushes: session.peakConcurrentPushes,
    width: size?.width ?? null,
    height: size?.height ?? null,
  };
}
