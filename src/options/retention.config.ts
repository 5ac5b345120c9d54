import type { RetentionOptions, RetentionPolicy } from './retention.options.js';
import { describe, integer } from './option.checks.js';
import { LiveCallbackOptionsError } from './option.error.js';

/** A policy that was checked, in days. */
export interface ResolvedPolicy {
  readonly bodyDays: number;
  readonly rowDays: number;
  readonly rejectionDays: number;
  /** Null: never. */
  readonly unreviewedDays: number | null;
}

/** The option `retention`, checked. */
export interface ResolvedRetention extends ResolvedPolicy {
  readonly intervalMinutes: number;
}

const POLICY_NAMES = ['bodyDays', 'rowDays', 'rejectionDays', 'unreviewedDays'];
/** Repeated and replayed callbacks must be known as such for a week. */
const MIN_ROW_DAYS = 7;
const MAX_DAYS = 36_500;
const DEFAULT_BODY_DAYS = 90;
const DEFAULT_ROW_DAYS = 365;
const DEFAULT_REJECTION_DAYS = 30;
const DEFAULT_INTERVAL_MINUTES = 60;
const DAY_MINUTES = 1_440;

/**
 * Checks the option `retention`; null when it is left out.
 *
 * @throws LiveCallbackOptionsError
 */
export function resolveRetention(options: RetentionOptions | undefined): ResolvedRetention | null {
  if (options === undefined) return null;
  const policy = resolvePolicy('retention', options, ['intervalMinutes']);
  const { intervalMinutes = DEFAULT_INTERVAL_MINUTES } = options;
  return Object.freeze({
    ...policy,
    intervalMinutes: integer('retention.intervalMinutes', intervalMinutes, 1, DAY_MINUTES),
  });
}

/**
 * Checks how long things are to be kept.
 *
 * @param path what the message of an error begins with
 * @throws LiveCallbackOptionsError
 */
export function resolvePolicy(
  path: string,
  policy: RetentionPolicy,
  otherNames: readonly string[] = [],
): ResolvedPolicy {
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) {
    throw new LiveCallbackOptionsError(
      path,
      `must be an object such as { bodyDays: 30, rowDays: 365 }, or {} for the defaults, not ${describe(policy)}.`,
    );
  }
  const known = [...POLICY_NAMES, ...otherNames];
  const stranger = Object.keys(policy).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new LiveCallbackOptionsError(
      `${path}.${stranger}`,
      `is no option. Options: ${known.join(', ')}.`,
    );
  }
  const { unreviewedDays } = policy;
  const bodyDays = days(`${path}.bodyDays`, policy.bodyDays ?? DEFAULT_BODY_DAYS, 1);
  const rowDays = days(
    `${path}.rowDays`,
    policy.rowDays ?? Math.max(DEFAULT_ROW_DAYS, bodyDays),
    Math.max(MIN_ROW_DAYS, bodyDays),
  );
  return {
    bodyDays,
    rowDays,
    rejectionDays: days(`${path}.rejectionDays`, policy.rejectionDays ?? DEFAULT_REJECTION_DAYS, 1),
    unreviewedDays:
      unreviewedDays === undefined
        ? null
        : days(`${path}.unreviewedDays`, unreviewedDays, bodyDays),
  };
}

function days(path: string, value: unknown, min: number): number {
  return integer(path, value, min, MAX_DAYS);
}
