import type { EvidenceSource } from '../events/session-event.js';

/** Sources of evidence, best first. */
const SOURCES: readonly EvidenceSource[] = [
  'callback',
  'callback-record',
  'event-list',
  'backup-list',
  'online-list',
  'inferred',
];

/** Something that is known of a push, and how. */
export interface Fact<T> {
  readonly value: T;
  readonly source: EvidenceSource;
}

/** How a push ended. */
export interface PushEnd {
  /** Unix milliseconds. */
  readonly at: number;
  /** How long it lasted, ms; null where nobody has said. */
  readonly durationMs: number | null;
  /** Null where nobody has said. */
  readonly errcode: number | null;
}

/** Its picture, px. */
export interface PushSize {
  readonly width: number;
  readonly height: number;
}

/** What is known of one push. Each piece of evidence brings some of it. No address: bodies have them, and lose them. */
export interface PushFacts {
  /** Unix milliseconds. */
  readonly start?: Fact<number>;
  readonly end?: Fact<PushEnd>;
  /** When a list of the cloud had it after it was missed, or an end was concluded, Unix milliseconds. */
  readonly seen?: Fact<number>;
  /** Since when the lists of what is live lack it, Unix milliseconds. */
  readonly absent?: Fact<number>;
  readonly appId?: Fact<string>;
  readonly size?: Fact<PushSize>;
}

/** Which of two values that are known equally well is taken: below 0 the first. Never 0 for different ones. */
type Preference<T> = (a: T, b: T) => number;

const earlier: Preference<number> = (a, b) => a - b;
const greater: Preference<string> = (a, b) => (a === b ? 0 : a > b ? -1 : 1);
const later: Preference<PushEnd> = (a, b) =>
  b.at - a.at ||
  (b.durationMs ?? -1) - (a.durationMs ?? -1) ||
  (b.errcode ?? -Infinity) - (a.errcode ?? -Infinity) ||
  0;
const larger: Preference<PushSize> = (a, b) =>
  b.width * b.height - a.width * a.height || b.width - a.width;

/**
 * What two pieces of evidence come to: each fact has its best source, and of equal ones the value that a
 * fixed order prefers. So neither order nor repetition can change what becomes of many.
 */
export function mergeFacts(a: PushFacts, b: PushFacts): PushFacts {
  const merged = {
    start: best(a.start, b.start, earlier),
    end: best(a.end, b.end, later),
    seen: newest(a.seen, b.seen),
    absent: newest(a.absent, b.absent),
    appId: best(a.appId, b.appId, greater),
    size: best(a.size, b.size, larger),
  };
  return Object.fromEntries(Object.entries(merged).filter(([, fact]) => fact !== undefined));
}

/** Below 0 when the first source is the better one. */
export function compareSources(a: EvidenceSource, b: EvidenceSource): number {
  return SOURCES.indexOf(a) - SOURCES.indexOf(b);
}

function best<T>(
  a: Fact<T> | undefined,
  b: Fact<T> | undefined,
  prefer: Preference<T>,
): Fact<T> | undefined {
  if (!a || !b) return a ?? b;
  const order = compareSources(a.source, b.source) || prefer(a.value, b.value);
  return order <= 0 ? a : b;
}

/** Of what happens again and again the last time counts, whichever list says it. */
function newest(a: Fact<number> | undefined, b: Fact<number> | undefined) {
  if (!a || !b) return a ?? b;
  const order = b.value - a.value || compareSources(a.source, b.source);
  return order <= 0 ? a : b;
}
