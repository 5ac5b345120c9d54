import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';

import { dialectOf, ID_AS_TEXT, type Dialect } from '../connection/dialect.js';
import type { OrderingKey } from '../delivery.lease.js';
import { toBytes } from '../entities/columns.js';
import { LiveCallbackDelivery } from '../entities/index.js';
import { isOpen } from './open-deliveries.js';

/** Whose deliveries are looked for. */
export type DueFilter =
  | {
      readonly registration: string;
      readonly listeners: readonly string[];
      readonly keys?: undefined;
    }
  | { readonly keys: readonly OrderingKey[] };

/**
 * Deliveries that may run now, oldest first: their time has come, nobody holds anything of their ordering
 * key, and no earlier one of it waits for its time. Where keys are named, the time of a first attempt
 * counts for nothing.
 *
 * What this process holds itself is no exception: it comes back to a key when that has run empty, and no
 * delivery that is on its way into memory can be overtaken.
 *
 * @param now the time of the database as an expression
 */
export async function findDue(
  manager: EntityManager,
  now: string,
  limit: number,
  among: DueFilter,
): Promise<LiveCallbackDelivery[]> {
  const dialect = dialectOf(manager.connection);
  const query = (by: EntityManager) => dueQuery(by, dialect, now, limit, among).getMany();
  if (dialect !== 'postgres') return query(manager);
  const runner = manager.queryRunner ?? manager.connection.createQueryRunner();
  try {
    // It expects few open rows until its statistics say otherwise, and would compare each with each. Set
    // for the connection and not in a transaction, which a failure could leave open in the pool.
    await runner.query('SET enable_nestloop = off');
    const due = await query(runner.manager);
    await runner.query('RESET enable_nestloop');
    return due;
  } finally {
    if (runner !== manager.queryRunner) await runner.release();
  }
}

function dueQuery(
  manager: EntityManager,
  dialect: Dialect,
  now: string,
  limit: number,
  among: DueFilter,
): SelectQueryBuilder<LiveCallbackDelivery> {
  const id = ID_AS_TEXT[dialect];
  const { sql: isAmong, parameters } = conditionOf(among);
  const waits = (alias: string) =>
    among.keys
      ? `(${alias}.nextAttemptAt > ${now} AND ${alias}.attempts > ${alias}.attemptsBefore)`
      : `${alias}.nextAttemptAt > ${now}`;
  const closed = (query: SelectQueryBuilder<ObjectLiteral>) =>
    query
      .select('e.listener', 'listener')
      .addSelect('e.orderingKey', 'ordering_key')
      .addSelect(
        `min(CASE WHEN e.leaseUntil >= ${now} THEN '' ELSE ${id('e.callbackId')} END)`,
        'earliest',
      )
      .from(LiveCallbackDelivery, 'e')
      .where("e.state = 'pending'")
      .andWhere(among.keys ? isAmong('e') : 'true')
      .andWhere(`(${waits('e')} OR e.leaseUntil >= ${now})`)
      .groupBy('e.listener')
      .addGroupBy('e.orderingKey');
  // Joined and not asked per row: a backlog of many rows is read once.
  return manager
    .getRepository(LiveCallbackDelivery)
    .createQueryBuilder('d')
    .leftJoin(
      closed,
      'closed',
      'closed.listener = d.listener AND closed.ordering_key = d.orderingKey',
    )
    .where("d.state = 'pending'")
    .andWhere(`(d.leaseUntil IS NULL OR d.leaseUntil < ${now})`)
    .andWhere(`(d.nextAttemptAt IS NULL OR NOT ${waits('d')})`)
    .andWhere(isAmong('d'), parameters)
    .andWhere(`(closed.earliest IS NULL OR ${id('d.callbackId')} < closed.earliest)`)
    .orderBy('d.callbackId')
    .limit(limit);
}

/** As a condition, with its parameters. */
function conditionOf(among: DueFilter): {
  sql: (alias: string) => string;
  parameters: Record<string, unknown>;
} {
  if (!among.keys) {
    const { registration, listeners } = among;
    return {
      // The words of the index of open ones: without them SQLite reads all deliveries, by their primary key.
      sql: (alias) =>
        `${alias}.registration = :registration AND ${alias}.listener IN (:...listeners) AND ${isOpen(`${alias}.state`)}`,
      parameters: { registration, listeners },
    };
  }
  return {
    // Each for itself, which an index answers, and not in pairs: of a stream that is named, what is due for
    // another listener that is named comes along.
    sql: (alias) =>
      `${alias}.listener IN (:...listeners) AND ${alias}.orderingKey IN (:...orderingKeys)`,
    parameters: {
      listeners: [...new Set(among.keys.map(({ listener }) => listener))],
      orderingKeys: [...new Set(among.keys.map(({ orderingKey }) => orderingKey))].map(toBytes),
    },
  };
}
