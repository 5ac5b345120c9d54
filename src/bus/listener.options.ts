import { ListenerError } from './listener.error.js';

/** Settings of one listener. */
export interface OnLiveEventOptions {
  /**
   * Stable name of the listener: delivery rows carry it across deployments, so it must survive a
   * renamed class. Default: `ClassName.methodName`.
   */
  id?: string;
  /** How often an event is tried before it becomes a dead letter, 1 to 100. Default: 5. */
  attempts?: number;
  /** Pause before the second attempt, ms; it grows fivefold with each, to 10 minutes. Default: 2000. */
  backoffMs?: number;
  /** How long a run may take before it counts as failed, ms. Default: 30000. */
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
}

/** The settings with their defaults. */
export type ListenerOptions = Required<Omit<OnLiveEventOptions, 'id'>>;

const DEFAULTS: ListenerOptions = {
  attempts: 5,
  backoffMs: 2_000,
  timeoutMs: 30_000,
  concurrency: 32,
  order: 'stream',
  transactional: false,
};

const RANGES = {
  attempts: [1, 100],
  backoffMs: [0, 600_000],
  timeoutMs: [1, 3_600_000],
  concurrency: [1, 10_000],
} as const;

const MAX_BACKOFF_MS = 600_000;
const GROWTH = 5;

/**
 * Fills in the defaults.
 *
 * @throws ListenerError naming the setting
 */
export function resolveListenerOptions(
  place: string,
  options: OnLiveEventOptions,
): ListenerOptions {
  const { id: _id, ...given } = options;
  const stranger = Object.keys(given).find((name) => !(name in DEFAULTS));
  if (stranger !== undefined) {
    throw new ListenerError(
      `@OnLiveEvent on ${place} has the unknown option "${stranger}". Options: id, ${Object.keys(DEFAULTS).join(', ')}.`,
    );
  }
  const resolved = { ...DEFAULTS, ...given };
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const value = resolved[name as keyof typeof RANGES];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new ListenerError(
        `@OnLiveEvent on ${place}: ${name} must be an integer from ${min} to ${max}.`,
      );
    }
  }
  if (resolved.order !== 'stream' && resolved.order !== 'none') {
    throw new ListenerError(`@OnLiveEvent on ${place}: order must be 'stream' or 'none'.`);
  }
  return resolved;
}

/** Pause after a failed attempt (counted from 1), ms: growing, bounded, and spread by a fifth. */
export function backoffAfter(
  attempt: number,
  { backoffMs }: Pick<ListenerOptions, 'backoffMs'>,
  random: () => number = Math.random,
): number {
  const pause = Math.min(backoffMs * GROWTH ** (attempt - 1), MAX_BACKOFF_MS);
  return Math.round(pause * (0.8 + 0.4 * random()));
}
