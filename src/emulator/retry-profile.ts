import type { EventDefinition } from '../events/event-definition.js';
import { EVENT_DEFINITIONS } from '../events/event-definitions.js';
import { EmulatorError } from './emulator.error.js';

/** How often and when a callback is sent again. */
export interface RetryRule {
  /** Attempts after the first. */
  readonly retries: number;
  readonly intervalMs: number;
}

/** The sender's rules of a time. */
export interface RetryProfile {
  readonly name: string;
  /** An attempt without a complete answer after so many milliseconds has failed. */
  readonly timeoutMs: number;
  /** What counts as success: status 200, or `"code": 0` in the body. */
  readonly success: 'status' | 'body-code';
  /** Where the interval begins: when an attempt has failed, or when it was sent. Not documented. */
  readonly intervalFrom: 'failure' | 'start';
  /** Rules of single kinds. */
  readonly byKind: Readonly<Record<string, RetryRule>>;
  /** Rule of the kinds that have none of their own. */
  readonly otherwise: RetryRule;
}

const MINUTE_MS = 60_000;
const MODERN = {
  timeoutMs: 20_000,
  success: 'status',
  intervalFrom: 'failure',
  byKind: {},
} as const;

/**
 * The rules that documents of the past and present name (docs/protocol.md, 2.2 and 2.3).
 *
 * - `current`: 20 s; screenshots 5 × 120 s, the others 12 × 60 s. Subtitles and smart erasing are
 *   documented with 3 retries without an interval: a minute is assumed. Kinds of which no retry is
 *   documented are taken as the others.
 * - `legacy2019`: 20 s; every kind 3 × 60 s.
 * - `legacy2016`: every kind 3 × 3 s, and the body `{"code":0}` is what counts. No timeout is
 *   documented: 20 s are assumed.
 * - `ai`: what is documented for subtitles and smart erasing, for every kind: 3 retries, and the
 *   same assumed minute.
 */
export const RETRY_PROFILES = {
  current: {
    ...MODERN,
    name: 'current',
    byKind: documentedRules(EVENT_DEFINITIONS),
    otherwise: { retries: 12, intervalMs: MINUTE_MS },
  },
  legacy2019: {
    ...MODERN,
    name: 'legacy2019',
    otherwise: { retries: 3, intervalMs: MINUTE_MS },
  },
  legacy2016: {
    ...MODERN,
    name: 'legacy2016',
    success: 'body-code',
    otherwise: { retries: 3, intervalMs: 3_000 },
  },
  ai: { ...MODERN, name: 'ai', otherwise: { retries: 3, intervalMs: MINUTE_MS } },
} as const satisfies Record<string, RetryProfile>;

/** A named profile. */
export type RetryProfileName = keyof typeof RETRY_PROFILES;

/** The rule for a kind. */
export function retryRuleOf(profile: RetryProfile, kind: string): RetryRule {
  return profile.byKind[kind] ?? profile.otherwise;
}

/**
 * The profile of a name; a profile itself is returned as it is.
 *
 * @throws EmulatorError naming the profiles there are
 */
export function retryProfileOf(profile: RetryProfileName | RetryProfile): RetryProfile {
  if (typeof profile === 'object') return profile;
  if (Object.hasOwn(RETRY_PROFILES, profile)) return RETRY_PROFILES[profile];
  const names = Object.keys(RETRY_PROFILES).join(', ');
  throw new EmulatorError(`There is no retry profile "${profile as string}". Profiles: ${names}.`);
}

/**
 * The same profile with all times divided, to watch retries in real time.
 *
 * @param factor 60 makes seconds of minutes
 */
export function shortenProfile(profile: RetryProfile, factor: number): RetryProfile {
  if (!(factor > 0)) throw new EmulatorError(`The factor must be above 0, not ${factor}.`);
  const shorten = ({ retries, intervalMs }: RetryRule) => ({
    retries,
    intervalMs: Math.round(intervalMs / factor),
  });
  return {
    ...profile,
    name: `${profile.name}/${factor}`,
    timeoutMs: Math.round(profile.timeoutMs / factor),
    otherwise: shorten(profile.otherwise),
    byKind: Object.fromEntries(
      Object.entries(profile.byKind).map(([kind, rule]) => [kind, shorten(rule)]),
    ),
  };
}

/** The catalog knows what the documents say of each kind. */
function documentedRules(definitions: readonly EventDefinition[]): Record<string, RetryRule> {
  return Object.fromEntries(
    definitions.flatMap(({ kind, retry }) => {
      if (!retry) return [];
      const { retries, intervalSeconds } = retry;
      const intervalMs = intervalSeconds === undefined ? MINUTE_MS : intervalSeconds * 1000;
      return [[kind, { retries, intervalMs }]];
    }),
  );
}
