import { ListenerError } from './listener.error.js';

/** Settings of one listener. */
export interface OnLiveEventOptions {
  /**
   * Stable name of the listener: delivery rows carry it across deployments, so it must survive a
   * renamed class. Default: `ClassName.methodName`.
   */
  id?: string;
  /**
   * Name of the registration of LiveCallbackModule whose events it gets (its option `name`). Default:
   * those of all.
   */
  registration?: string;
  /**
   * How often an event is tried before it becomes a dead letter, 1 to 100, or `Infinity`: until it
   * succeeds. One that ends the process is given five at most. Default: 20, which with the pauses below
   * takes more than two hours.
   */
  attempts?: number;
  /** Pause before the second attempt, ms; it grows fivefold with each. Default: 2000. */
  backoffMs?: number;
  /** Longest pause between two attempts, ms. Default: 600000, ten minutes. */
  maxBackoffMs?: number;
  /**
   * How long a run may take before it counts as failed, ms, 1 to an hour. It may be longer than the
   * lease under which the process holds the event, for that is renewed while the listener runs.
   * Default: 30000.
   */
  timeoutMs?: number;
  /** How many events (of different streams, if ordered) run side by side. Default: 32. */
  concurrency?: number;
  /**
   * `stream`: the events of a stream one after the other, a failed one holding up the next ones until
   * it succeeds or is dead. `none`: as they come. Default: `stream`.
   */
  order?: 'stream' | 'none';
  /**
   * Whether the handler gets, as `context.manager`, the EntityManager of a transaction that also
   * completes its delivery: what it writes there takes effect exactly once. Default: false.
   */
  transactional?: boolean;
  /**
   * Whether it also gets pushes and interruptions whose callback was lost, made of what a list of the cloud says
   * (`event.reconciled`, docs/reconciliation.md). The callback that comes after all is then not run again. Wants
   * order `stream`. Default: false.
   */
  reconciled?: boolean;
  /**
   * Whether the listener is held up on all nodes while what it calls is away: after so many failures in a
   * row nothing is tried but one event after each pause, until one succeeds. What waits uses up no
   * attempts. Default: false.
   */
  circuitBreaker?: boolean | CircuitBreakerOptions;
}

/** When a circuit breaker opens, and how long it waits. */
export interface CircuitBreakerOptions {
  /** Attempts that fail in a row in one process, of whatever streams, 1 to 1000. Default: 5. */
  failures?: number;
  /** Pause before one event is tried, ms, 1000 to an hour. Default: 30000. */
  pauseMs?: number;
}

/** The settings with their defaults. */
export type ListenerOptions = Required<
  Omit<OnLiveEventOptions, 'id' | 'registration' | 'circuitBreaker'>
> & {
  /** Null where there is none. */
  readonly circuitBreaker: Required<CircuitBreakerOptions> | null;
};

const DEFAULTS: ListenerOptions = {
  attempts: 20,
  backoffMs: 2_000,
  maxBackoffMs: 600_000,
  timeoutMs: 30_000,
  concurrency: 32,
  order: 'stream',
  transactional: false,
  reconciled: false,
  circuitBreaker: null,
};

/** Also of those whose option is gone while the breaker is open. */
export const BREAKER_DEFAULTS: Required<CircuitBreakerOptions> = { failures: 5, pauseMs: 30_000 };

const BREAKER_RANGES = { failures: [1, 1_000], pauseMs: [1_000, 3_600_000] } as const;

const RANGES = {
  attempts: [1, 100],
  backoffMs: [0, 600_000],
  maxBackoffMs: [0, 3_600_000],
  timeoutMs: [1, 3_600_000],
  concurrency: [1, 10_000],
} as const;

const GROWTH = 5;
/** Attempts that the pause grows with; from there on every pause but 0 has met its bound. */
const LONGEST_GROWTH = 12;

/**
 * Fills in the defaults.
 *
 * @throws ListenerError naming the setting
 */
export function resolveListenerOptions(
  place: string,
  options: OnLiveEventOptions,
): ListenerOptions {
  const { id: _id, registration: _registration, circuitBreaker, ...given } = options;
  const stranger = Object.keys(given).find((name) => !(name in DEFAULTS));
  if (stranger !== undefined) {
    throw new ListenerError(
      `@OnLiveEvent on ${place} has the unknown option "${stranger}". Options: id, registration, ${Object.keys(DEFAULTS).join(', ')}.`,
    );
  }
  const resolved = { ...DEFAULTS, ...given, circuitBreaker: resolveBreaker(place, circuitBreaker) };
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const value = resolved[name as keyof typeof RANGES];
    if (name === 'attempts' && value === Infinity) continue;
    if (!Number.isInteger(value) || value < min || value > max) {
      const more = name === 'attempts' ? ', or Infinity' : '';
      throw new ListenerError(
        `@OnLiveEvent on ${place}: ${name} must be an integer from ${min} to ${max}${more}.`,
      );
    }
  }
  if (resolved.order !== 'stream' && resolved.order !== 'none') {
    throw new ListenerError(`@OnLiveEvent on ${place}: order must be 'stream' or 'none'.`);
  }
  for (const name of ['transactional', 'reconciled'] as const) {
    if (typeof resolved[name] !== 'boolean') {
      throw new ListenerError(`@OnLiveEvent on ${place}: ${name} must be true or false.`);
    }
  }
  if (resolved.reconciled && resolved.order !== 'stream') {
    throw new ListenerError(
      `@OnLiveEvent on ${place}: reconciled wants order 'stream', without which a callback that comes late would run beside what was made in its place.`,
    );
  }
  return resolved;
}

function resolveBreaker(
  place: string,
  given: OnLiveEventOptions['circuitBreaker'] = false,
): ListenerOptions['circuitBreaker'] {
  if (given === false) return null;
  const where = `@OnLiveEvent on ${place}: circuitBreaker`;
  if (given !== true && (typeof given !== 'object' || given === null)) {
    throw new ListenerError(`${where} must be true, false or { failures, pauseMs }.`);
  }
  const resolved = { ...BREAKER_DEFAULTS, ...(given === true ? {} : given) };
  for (const [name, value] of Object.entries(resolved)) {
    const range = BREAKER_RANGES[name as keyof typeof BREAKER_RANGES] as
      readonly number[] | undefined;
    if (!range) {
      throw new ListenerError(
        `${where} has the unknown option "${name}". Options: failures, pauseMs.`,
      );
    }
    const [min, max] = range as [number, number];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new ListenerError(`${where}.${name} must be an integer from ${min} to ${max}.`);
    }
  }
  return resolved;
}

/** Pause after a failed attempt (counted from 1), ms: growing, bounded, and spread by a fifth. */
export function backoffAfter(
  attempt: number,
  { backoffMs, maxBackoffMs }: Pick<ListenerOptions, 'backoffMs' | 'maxBackoffMs'>,
  random: () => number = Math.random,
): number {
  const growth = GROWTH ** Math.min(attempt - 1, LONGEST_GROWTH);
  const pause = Math.min(backoffMs * growth, maxBackoffMs);
  return Math.round(pause * (0.8 + 0.4 * random()));
}
