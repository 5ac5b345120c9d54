import type { DataSource } from 'typeorm';

import { dialectOf, NOW_MS } from '../../storage/connection/dialect.js';
import { LiveCallback, LiveCallbackDelivery, LiveListener } from '../../storage/entities/index.js';
import { isOpen } from '../../storage/sql/open-deliveries.js';
import { columnNames } from '../../storage/connection/column-names.js';
import { tableName } from '../../storage/connection/table-name.js';

/** Figures end here, so that asking stays cheap however much there is. */
export const MOST = 10_000;
/** Of so many deliveries the age is looked at. */
const OLDEST = 1_000;

/** What waits, and what waits for somebody. Each count says 10000 for that many or more. */
export interface BacklogFigures {
  readonly backlog: {
    /** Deliveries that a listener still has to handle. */
    readonly pending: number;
    /** How long the oldest of them has waited since its receipt or replay; null when there is none. */
    readonly oldestSeconds: number | null;
  };
  /** Listeners that get nothing for now. */
  readonly listeners: {
    /** That somebody has paused. */
    readonly paused: number;
    /** Whose circuit breaker is open. */
    readonly open: number;
  };
  /** Deliveries that were given up. */
  readonly deadLetters: number;
  /** Callbacks that do not fit their DTO. */
  readonly quarantined: number;
  /** Callbacks that no kind describes. */
  readonly unknown: number;
}

/**
 * Counts no further than {@link MOST}. The second condition is the one under which the index holds a
 * row: SQLite uses a partial index only for a query that says the same.
 */
function count(table: string, registration: string, state: string, condition: string): string {
  return `(SELECT count(*) FROM (
    SELECT 1 AS one FROM ${table}
    WHERE registration = '${registration}' AND state = '${state}' AND ${condition} LIMIT ${MOST}) n)`;
}

const NOT_ACCEPTED = "state <> 'accepted'";

/** The statement of the figures of a registration, whose name needs no quoting: every part of it reads a bounded piece of an index. */
export function figuresSql(dataSource: DataSource, registration: string): string {
  const callback = tableName(dataSource, LiveCallback);
  const delivery = tableName(dataSource, LiveCallbackDelivery);
  const listener = tableName(dataSource, LiveListener);
  const held = (column: string) =>
    `(SELECT count(*) FROM ${listener} WHERE registration = '${registration}' AND ${column} IS NOT NULL)`;
  const now = NOW_MS[dialectOf(dataSource)];
  return columnNames(dataSource)(`
    SELECT ${count(delivery, registration, 'pending', isOpen('state'))} AS pending,
      ${count(delivery, registration, 'dead', isOpen('state'))} AS dead,
      ${count(callback, registration, 'quarantined', NOT_ACCEPTED)} AS quarantined,
      ${count(callback, registration, 'unknown', NOT_ACCEPTED)} AS strange,
      ${held('paused_at')} AS paused, ${held('opened_at')} AS opened,
      (SELECT ${now} - min(coalesce(
         nullif((SELECT min(coalesce(d.replayed_at, 0)) FROM ${delivery} d
                 WHERE d.callback_id = o.callback_id AND d.state = 'pending'), 0),
         (SELECT c.received_at FROM ${callback} c WHERE c.id = o.callback_id)))
       FROM (SELECT callback_id FROM ${delivery}
             WHERE registration = '${registration}' AND state = 'pending' AND ${isOpen('state')}
             ORDER BY callback_id LIMIT ${OLDEST}) o) AS oldest`);
}

export async function readFigures(
  dataSource: DataSource,
  registration: string,
): Promise<BacklogFigures> {
  const rows = await dataSource.query<Record<string, string | number | null>[]>(
    figuresSql(dataSource, registration),
  );
  const { pending, dead, quarantined, strange, oldest, paused, opened } = rows[0] ?? {};
  return {
    backlog: {
      pending: Number(pending),
      // Two clocks take part in it, of which one may be a little behind.
      oldestSeconds: oldest == null ? null : Math.max(0, Math.round(Number(oldest) / 1000)),
    },
    listeners: { paused: Number(paused), open: Number(opened) },
    deadLetters: Number(dead),
    quarantined: Number(quarantined),
    unknown: Number(strange),
  };
}
