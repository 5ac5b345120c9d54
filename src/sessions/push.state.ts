import type { EvidenceSource, PushState } from '../events/session-event.js';
import type { PushFacts } from './push.facts.js';

/** What the facts of a push come to; times in Unix milliseconds. */
export interface PushStanding {
  readonly state: PushState;
  readonly startedAt: number;
  readonly startedBy: EvidenceSource;
  /** Null while it is open. */
  readonly endedAt: number | null;
  readonly endedBy: EvidenceSource | null;
}

/** Sources that hold what CSS itself has sent. */
const SENT: readonly EvidenceSource[] = ['callback', 'callback-record'];

/** @param facts with a start or an end */
export function standingOf({ start, end: told, seen, absent }: PushFacts): PushStanding {
  // An absence is no interruption: what is seen again has not ended.
  const isRefuted = told?.source === 'online-list' && seen && seen.value > told.value.at;
  const end = isRefuted ? undefined : told;
  const first = start ?? { value: end?.value.at ?? 0, source: 'inferred' };
  const standing = { startedAt: first.value, startedBy: first.source };
  const isSent = SENT.includes(first.source);
  if (!end) {
    const isMissed = absent !== undefined && absent.value >= (seen?.value ?? -Infinity);
    const state = isMissed ? 'unconfirmed' : isSent ? 'open' : 'open-inferred';
    return { ...standing, state, endedAt: null, endedBy: null };
  }
  const orphan = first.source === 'inferred' ? 'orphan-end' : 'closed';
  return {
    ...standing,
    state: SENT.includes(end.source) ? orphan : 'closed-inferred',
    // Times of CSS are whole seconds, and clocks of its nodes differ.
    endedAt: Math.max(first.value, end.value.at),
    endedBy: end.source,
  };
}
