import { fromBytes, toBytes } from '../entities/columns.js';
import type { KeyedDelivery } from './callback.writer.js';
import type { Query } from './mysql.sessions.js';
import type { Value } from './mysql.statements.js';

/** What says in which lane a delivery runs. */
type Lane = Pick<KeyedDelivery, 'listener' | 'orderingKey'>;

/** A lane as it is read. */
interface LaneRow {
  readonly listener: string;
  readonly orderingKey: Buffer;
}

/** What a lane holds that is not this process's. */
export interface ForeignLane {
  /** Id of the earliest of these callbacks. */
  readonly earliest: string;
  /** 1 when one of them is held under a lease that has not run out. */
  readonly held: number | string;
}

/**
 * Lanes with a delivery that waits in the table or at another owner, by lane.
 *
 * @param table name of the table of deliveries
 * @param now the time of the database as an expression
 */
export async function foreignLanes(
  query: Query,
  table: string,
  deliveries: readonly Lane[],
  owner: string,
  now: string,
): Promise<ReadonlyMap<string, ForeignLane>> {
  const rows = await query<(ForeignLane & LaneRow)[]>(
    `SELECT listener AS 'listener', ordering_key AS orderingKey, MIN(callback_id) AS earliest,
       MAX(COALESCE(lease_until >= ${now}, 0)) AS held
     FROM ${table}
     WHERE state = 'pending' AND NOT (lease_owner <=> ?)
       AND (listener, ordering_key) IN (${deliveries.map(() => '(?, ?)').join(', ')})
     GROUP BY listener, ordering_key`,
    [owner, ...lanesOf(deliveries)],
  );
  return new Map(
    rows.map((row) => [laneOf({ ...row, orderingKey: fromBytes(row.orderingKey) }), row]),
  );
}

/** Values of the pairs `(listener, ordering_key)`. */
export function lanesOf(deliveries: readonly Lane[]): Value[] {
  return deliveries.flatMap(({ listener, orderingKey }) => [listener, toBytes(orderingKey)]);
}

/** Key of a lane in maps of this process. */
export function laneOf({ listener, orderingKey }: Lane): string {
  return `${listener} ${orderingKey}`;
}
