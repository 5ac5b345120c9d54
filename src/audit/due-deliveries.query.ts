import type { DataSource, EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';

import type { DeliveryLane } from '../bus/index.js';
import { dialectOf, ID_AS_TEXT, NOW_MS } from './dialect.js';
import { LiveCallbackDelivery } from './entities/index.js';

/** Whose deliveries are looked for. */
export type DueFilter =
  | { readonly listeners: readonly string[]; readonly lanes?: undefined }
  | { readonly lanes: readonly DeliveryLane[] };

/**
 * Deliveries that may run now, oldest first: nobody holds them, their time has come, nothing of
 * their lane is held by another process, and no earlier one of it waits for its time. Where lanes
 * are named, the time of a first attempt counts for nothing.
 *
 * @param owner name of this process in leases
 */
export async function findDue(
  dataSource: DataSource,
  owner: string,
  limit: number,
  among: DueFilter,
): Promise<LiveCallbackDelivery[]> {
  const query = (manager: EntityManager) => dueQuery(manager, owner, limit, among).getMany();
  if (dialectOf(dataSource) !== 'postgres') return query(dataSource.manager);
  const runner = dataSource.createQueryRunner();
  try {
    // It expects few open rows until its statistics say otherwise, and would compare each with each. Set
    // for the connection and not in a transaction, which a failure could leave open in the pool.
    await runner.query('SET enable_nestloop = off');
    const due = await query(runner.manager);
    await runner.query('RESET enable_nestloop');
    return due;
  } finally {
    await runner.release();
  }
}

function dueQuery(
  manager: EntityManager,
  owner: string,
  limit: number,
  among: DueFilter,
): SelectQueryBuilder<LiveCallbackDelivery> {
  const dialect = dialectOf(manager.dataSource);
  const now = NOW_MS[dialect];
  const id = ID_AS_TEXT[dialect];
  const { sql: isAmong, parameters } = conditionOf(among);
  const waits = (alias: string) =>
    among.lanes
      ? `(${alias}.next_attempt_at > ${now} AND ${alias}.attempts > ${alias}.attempts_before)`
      : `${alias}.next_attempt_at > ${now}`;
  const lanes = (query: SelectQueryBuilder<ObjectLiteral>) =>
    query
      .select('e.listener', 'listener')
      .addSelect('e.stream_key', 'stream_key')
      .addSelect(
        `min(CASE WHEN e.lease_until >= ${now} AND e.lease_owner <> :owner
                 THEN '' ELSE ${id('e.callback_id')} END)`,
        'earliest',
      )
      .from(LiveCallbackDelivery, 'e')
      .where("e.state = 'pending'")
      .andWhere(among.lanes ? isAmong('e') : 'true')
      .andWhere(`(${waits('e')} OR (e.lease_until >= ${now} AND e.lease_owner <> :owner))`)
      .groupBy('e.listener')
      .addGroupBy('e.stream_key');
  // Joined and not asked per row: a backlog of many rows is read once.
  return manager
    .getRepository(LiveCallbackDelivery)
    .createQueryBuilder('d')
    .leftJoin(lanes, 'held', 'held.listener = d.listener AND held.stream_key = d.stream_key')
    .where("d.state = 'pending'")
    .andWhere(`(d.lease_until IS NULL OR d.lease_until < ${now})`)
    .andWhere(`(d.next_attempt_at IS NULL OR NOT ${waits('d')})`)
    .andWhere(isAmong('d'), parameters)
    .andWhere(`(held.earliest IS NULL OR ${id('d.callback_id')} < held.earliest)`)
    .setParameter('owner', owner)
    .orderBy('d.callback_id')
    .limit(limit);
}

/** As a condition, with its parameters. */
function conditionOf(among: DueFilter): {
  sql: (alias: string) => string;
  parameters: Record<string, unknown>;
} {
  if (!among.lanes) {
    const { listeners } = among;
    return { sql: (alias) => `${alias}.listener IN (:...listeners)`, parameters: { listeners } };
  }
  const { lanes } = among;
  const entries = lanes.flatMap(({ listener, streamKey }, index) => [
    [`listener${index}`, listener],
    [`key${index}`, streamKey],
  ]);
  return {
    // Not as tuples, which SQLite cannot list.
    sql: (alias) => `(${lanes.map((_, index) => isLane(alias, index)).join(' OR ')})`,
    parameters: Object.fromEntries(entries) as Record<string, string>,
  };
}

function isLane(alias: string, index: number): string {
  return `(${alias}.listener = :listener${index} AND ${alias}.stream_key = :key${index})`;
}
