import { indexName } from '../migrations/schema.js';
import { fromBytes, toBytes } from '../entities/columns.js';
import type { KeyedDelivery } from './callback.writer.js';
import type { Query } from './mysql.sessions.js';
import { filledUp, type Value } from './mysql.statements.js';

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
     FROM ${byLane(table)}
     WHERE state = 'pending' AND NOT (lease_owner <=> ?) AND ${inLanes(deliveries)}
     GROUP BY ordering_key, listener`,
    [owner, ...lanesOf(deliveries)],
  );
  return new Map(
    rows.map((row) => [laneOf({ ...row, orderingKey: fromBytes(row.orderingKey) }), row]),
  );
}

/**
 * A table whose rows are found by their lanes. Where most rows wait, the optimizer would rather read all of
 * them, and an UPDATE lock all of them, so that nodes end each other's transactions.
 */
export function byLane(table: string): string {
  return `${table} FORCE INDEX (\`${indexName(table, 'lane')}\`)`;
}

/** Condition that names lanes. As tuples the optimizer passes over the index, or sorts what it finds. */
export function inLanes(deliveries: readonly Lane[]): string {
  const one = '(ordering_key = ? AND listener = ?)';
  return `(${filledUp(deliveries)
    .map(() => one)
    .join(' OR ')})`;
}

/** Values of {@link inLanes}. */
export function lanesOf(deliveries: readonly Lane[]): Value[] {
  return filledUp(deliveries).flatMap(({ listener, orderingKey }) => [
    toBytes(orderingKey),
    listener,
  ]);
}

/** Key of a lane in maps of this process. */
export function laneOf({ listener, orderingKey }: Lane): string {
  return `${listener} ${orderingKey}`;
}
