import type { SessionEventKind, SessionState } from '../events/session-event.js';
import type { Session } from './session.state.js';

/** What is remembered of a session, and compared. */
export type KnownSession = Pick<
  Session,
  'id' | 'state' | 'startedAt' | 'startedBy' | 'interruptedAt' | 'endedBy'
>;

/** Something to tell of a session. */
export interface SessionChange {
  readonly kind: SessionEventKind;
  readonly session: Session;
  /** Ids of sessions that turned out to be part of it. */
  readonly merged: readonly string[];
}

type Transition = readonly SessionEventKind[];

/** What to tell, by the state before and the state after. Evidence after the end is a correction. */
const TRANSITIONS: Record<SessionState | 'none', Record<SessionState, Transition>> = {
  none: {
    live: ['session-started'],
    interrupted: ['session-started', 'session-interrupted'],
    ended: ['session-started', 'session-ended'],
  },
  live: { live: [], interrupted: ['session-interrupted'], ended: ['session-ended'] },
  interrupted: { live: ['session-resumed'], interrupted: [], ended: ['session-ended'] },
  ended: { live: ['session-corrected'], interrupted: ['session-corrected'], ended: [] },
};

/**
 * What to tell when sessions of a stream have become others. Whoever follows the events of a session knows
 * in the end what its row says: each change of what {@link KnownSession} holds is told by one of them.
 */
export function changesOf(
  before: readonly KnownSession[],
  after: readonly Session[],
): SessionChange[] {
  const known = new Map(before.map((session) => [session.id, session]));
  const remaining = new Set(after.map(({ id }) => id));
  return after.flatMap((session) => {
    // The id of a session is that of its first push, and so one of the pushes of what it has become.
    const members = new Set(session.pushes);
    const own = known.get(session.id);
    const absorbed = before.filter(({ id }) => !remaining.has(id) && members.has(id));
    const merged = absorbed.map(({ id }) => id);
    const states = [...(own ? [own] : []), ...absorbed].map(({ state }) => state);
    const transition = TRANSITIONS[mostAlive(states)][session.state];
    const isCorrected =
      merged.length > 0 || (transition.length === 0 && own !== undefined && differs(own, session));
    const kinds: SessionEventKind[] =
      isCorrected && !transition.includes('session-corrected')
        ? ['session-corrected', ...transition]
        : [...transition];
    return kinds.map((kind) => ({
      kind,
      session,
      merged: kind === 'session-corrected' ? merged : [],
    }));
  });
}

function mostAlive(states: readonly SessionState[]): SessionState | 'none' {
  const order = ['live', 'interrupted', 'ended'] as const;
  return order.find((state) => states.includes(state)) ?? 'none';
}

function differs(own: KnownSession, session: Session): boolean {
  return (
    own.startedAt !== session.startedAt ||
    own.startedBy !== session.startedBy ||
    own.interruptedAt !== session.interruptedAt ||
    own.endedBy !== session.endedBy
  );
}
