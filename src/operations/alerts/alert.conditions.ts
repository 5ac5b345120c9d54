import type { AlertName } from '../../common/signals.js';
import type { LiveListener } from '../../storage/entities/index.js';
import type { LiveCallbackHealthReport } from '../health/live-callback.health.js';
import type { ReconciliationStanding } from '../health/reconciliation.query.js';
import type { Waiting } from '../overview/delivery.queries.js';

/** Trouble that is there now. */
export interface Trouble {
  readonly alert: AlertName;
  /** Id of the listener that has it; null where it is none's. */
  readonly listener: string | null;
  /** In words, for those who read the alert. */
  readonly detail: string;
}

/** What is known of the tables that all nodes share. */
export interface SharedFigures {
  /** What waits, by listener. */
  readonly pending: ReadonlyMap<string, Waiting>;
  /** What was given up, by listener. */
  readonly dead: ReadonlyMap<string, Waiting>;
  readonly held: readonly LiveListener[];
  readonly health: LiveCallbackHealthReport;
  /** Requests that were refused lately. */
  readonly refused: number;
  /** Callbacks of lately that contradict earlier ones. */
  readonly conflicting: number;
  /** Sessions that are live and perhaps over; null where this process works none out. */
  readonly stale: number | null;
}

/** When trouble begins, and when it is over. */
export interface AlertLimits {
  /** A listener is behind when the oldest has waited for so long, ms. */
  readonly behindMs: number;
  /** It has caught up when none has waited for so long, ms. */
  readonly caughtUpMs: number;
  /** Refused requests in five minutes that are a burst; it is over below half of them. */
  readonly refusals: number;
  /** The comparison with the cloud is behind when it was last whole so long ago; it is no more when it is up. */
  readonly uncomparedSeconds: number;
}

/** A trouble as the key of a map. */
export function troubleKey({ alert, listener }: Pick<Trouble, 'alert' | 'listener'>): string {
  return `${alert} ${listener ?? ''}`;
}

/** What this process finds out about itself: each process tells of its own. */
export function ownTroubles({ storage, clock }: LiveCallbackHealthReport): Trouble[] {
  const troubles: Trouble[] = [];
  if (storage.status !== 'up') {
    const detail =
      storage.status === 'spooling'
        ? 'The database takes nothing; callbacks are kept in the spool.'
        : 'The database takes nothing; callbacks are answered with 503.';
    troubles.push({ alert: 'storage-down', listener: null, detail });
  }
  if (clock.status !== 'up') {
    const detail = `The clock of this host is off by ${clock.offsetSeconds} s; callbacks are refused.`;
    troubles.push({ alert: 'clock-wrong', listener: null, detail });
  }
  return troubles;
}

/**
 * What the tables tell, the same to all processes.
 *
 * @param known {@link troubleKey} of what has begun: it lasts a little longer than what would begin it, so
 *   that what is at its limit does not come and go
 * @param now Unix milliseconds
 */
export function sharedTroubles(
  { pending, dead, held, health, refused, conflicting, stale }: SharedFigures,
  known: ReadonlySet<string>,
  now: number,
  { behindMs, caughtUpMs, refusals, uncomparedSeconds }: AlertLimits,
): Trouble[] {
  const troubles: Trouble[] = [];
  const add = (alert: AlertName, listener: string | null, detail: string) =>
    troubles.push({ alert, listener, detail });
  const lasts = (alert: AlertName, listener: string | null) =>
    known.has(troubleKey({ alert, listener }));
  const stopped = new Set(
    held.filter(({ pausedAt, openedAt }) => pausedAt || openedAt).map(({ listener }) => listener),
  );
  for (const { listener, pausedAt, changeActor, changeReason, openedAt, openError } of held) {
    if (pausedAt) add('listener-paused', listener, `By ${changeActor}: ${changeReason}`);
    if (openedAt) add('breaker-open', listener, openError ?? '');
  }
  for (const [listener, { count, oldestAt }] of pending) {
    const age = now - oldestAt.getTime();
    if (stopped.has(listener)) continue;
    if (age <= (lasts('listener-behind', listener) ? caughtUpMs : behindMs)) continue;
    add('listener-behind', listener, `${count} wait, the oldest for ${Math.round(age / 1000)} s.`);
  }
  for (const [listener, { count }] of dead) {
    add('dead-letters', listener, `${count} were given up, and wait for somebody.`);
  }
  const { quarantined, unknown } = health;
  if (quarantined) add('quarantined', null, `${quarantined} callbacks do not fit their DTO.`);
  if (unknown) add('unknown', null, `${unknown} callbacks are of no kind that is known.`);
  if (refused >= (lasts('refusals', null) ? refusals / 2 : refusals)) {
    add('refusals', null, `${refused} requests were refused in five minutes.`);
  }
  if (conflicting) add('conflicting', null, `${conflicting} callbacks contradict earlier ones.`);
  if (stale === null ? lasts('stale-session', null) : stale > 0) {
    add('stale-session', null, `${stale} sessions are live here, and perhaps over.`);
  }
  const grace = lasts('reconciliation-behind', null) ? 0 : uncomparedSeconds;
  const lack = health.reconciliation && lackOf(health.reconciliation, grace);
  if (lack) add('reconciliation-behind', null, lack);
  const { templateDrift } = health;
  if (templateDrift === null ? lasts('template-drift', null) : templateDrift > 0) {
    add('template-drift', null, `${templateDrift} differences to what is declared.`);
  }
  return troubles;
}

/** What is wrong with the comparison; null while it is nothing, or has not been for long. */
function lackOf({ status, behindSeconds }: ReconciliationStanding, grace: number): string | null {
  if (status === 'refused') return 'The cloud does not admit the key.';
  if (status === 'up' || behindSeconds === null || behindSeconds < grace) return null;
  return `Not all was compared with the cloud for ${behindSeconds} s.`;
}
