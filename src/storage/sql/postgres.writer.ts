import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';

import type { CountedLease, DeliveryLease, DeliveryOutcome } from '../delivery.lease.js';
import { LiveCallbackDelivery } from '../entities/index.js';
import { columnNames } from '../connection/column-names.js';
import { driverHandle } from '../connection/drivers/driver-handle.js';
import { isPending } from './open-deliveries.js';
import { tableName } from '../connection/table-name.js';
import { arrayOf, plainArrayOf } from './postgres.array.js';
import type {
  BatchEntry,
  CallbackWriter,
  FoundDelivery,
  InsertLease,
  InsertResult,
  Lease,
  KeyedDelivery,
} from './callback.writer.js';
import { PostgresLeases } from './postgres.leases.js';
import { PostgresInsert } from './postgres.insert.js';

/**
 * Writes to PostgreSQL. A batch is one prepared statement, and with that one round trip and one
 * commit, whatever its size: columns travel as arrays.
 *
 * The plan of a prepared statement stays, also one that was made on tables without rows, where a pass
 * over everything looks cheap. So what is looked up per row is a LATERAL join with a LIMIT or OFFSET; rows to be
 * changed are named by an array too, and their state is asked for in words that no partial index
 * answers; and connections prefer indexes to passes (see `SESSION` in postgres.connection.ts).
 */
export class PostgresWriter implements CallbackWriter {
  private readonly batchInsert: PostgresInsert;
  private readonly settleSql: string;
  private readonly settleDoneSql: string;
  private readonly leases: PostgresLeases;
  private readonly contestedSql: string;

  /** @param now the time of the database as an expression */
  constructor(
    dataSource: DataSource,
    now: string,
    private readonly pool: Pool = driverHandle.postgres(dataSource),
  ) {
    const delivery = tableName(dataSource, LiveCallbackDelivery);
    const named = columnNames(dataSource);
    this.batchInsert = new PostgresInsert(dataSource, now, pool);
    this.contestedSql = named(`
      SELECT d.callback_id AS "callbackId", d.listener AS "listener",
        d.ordering_key AS "orderingKey"
      FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS d(callback_id, listener, ordering_key)
      CROSS JOIN LATERAL (
        SELECT true FROM ${delivery} e
        WHERE e.state = 'pending' AND e.listener = d.listener AND e.ordering_key = d.ordering_key
          AND e.lease_owner IS DISTINCT FROM $4
          AND (e.lease_until >= ${now} OR e.callback_id < d.callback_id)
        LIMIT 1) other`);
    const duration = `($2::jsonb ->> (d.callback_id || ' ' || d.listener || ' ' || d.fence))::int`;
    this.settleDoneSql = named(`
      UPDATE ${delivery} d
      SET state = 'done', last_error = NULL, duration_ms = ${duration}, finished_at = ${now},
        next_attempt_at = NULL, lease_owner = NULL, lease_until = NULL
      WHERE d.callback_id = ANY($1::uuid[]) AND ${duration} IS NOT NULL AND ${isPending('d.state')}`);
    const isOpen = `${outcome('state')} = 'pending'`;
    this.settleSql = named(`
      UPDATE ${delivery} d
      SET state = ${outcome('state')}, last_error = ${outcome('error')},
        duration_ms = (${outcome('durationMs')})::int,
        finished_at = CASE WHEN ${isOpen} THEN NULL ELSE ${now} END,
        next_attempt_at = CASE WHEN ${isOpen} THEN ${now} + (${outcome('retryInMs')})::int END,
        lease_owner = CASE WHEN ${isOpen} THEN d.lease_owner END,
        lease_until = CASE WHEN ${isOpen} THEN d.lease_until END
      WHERE d.callback_id = ANY($1::uuid[]) AND d.fence = (${outcome('fence')})::int
        AND ${isPending('d.state')}`);
    this.leases = new PostgresLeases(delivery, now, named, pool);
  }

  insert(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]> {
    return this.batchInsert.run(batch, lease);
  }

  async contested(
    leased: readonly KeyedDelivery[],
    owner: string,
  ): Promise<readonly KeyedDelivery[]> {
    const { rows } = await this.pool.query<KeyedDelivery>({
      name: 'live_callback_contested',
      text: this.contestedSql,
      values: [
        plainArrayOf(leased, ({ callbackId }) => callbackId),
        arrayOf(leased, ({ listener }) => listener),
        plainArrayOf(leased, ({ orderingKey }) => orderingKey),
        owner,
      ],
    });
    return rows;
  }

  async settle(outcomes: readonly DeliveryOutcome[]): Promise<void> {
    // Nearly all are done, of which there is little to say.
    const done = outcomes.filter(({ state }) => state === 'done');
    await this.record('live_callback_settle_done', this.settleDoneSql, done, doneMember);
    const others = outcomes.filter(({ state }) => state !== 'done');
    await this.record('live_callback_settle', this.settleSql, others, outcomeMember);
  }

  private async record(
    name: string,
    text: string,
    outcomes: readonly DeliveryOutcome[],
    member: (outcome: DeliveryOutcome) => string,
  ): Promise<void> {
    if (outcomes.length === 0) return;
    const ids = plainArrayOf(outcomes, ({ callbackId }) => callbackId);
    await this.pool.query({ name, text, values: [ids, `{${outcomes.map(member).join(',')}}`] });
  }

  claim(found: readonly FoundDelivery[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.leases.claim(found, lease);
  }

  renew(leases: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.leases.renew(leases, lease);
  }

  release(leases: readonly CountedLease[]): Promise<void> {
    return this.leases.release(leases);
  }

  dropIdleConnections(): void {
    for (let idle = this.pool.idleCount; idle > 0; idle--) {
      // The pool hands out the idle ones first; released like this, they are closed.
      this.pool.connect((_error, client) => client?.release(true));
    }
  }

  /** Runs nothing beside the pool, which the DataSource closes. */
  async close(): Promise<void> {}

  /** Class 22: data exception, 23: integrity violation, 44: view, 54: program limit exceeded, P0: trigger. */
  isRowFault(error: unknown): boolean {
    return /^(22|23|44|54|P0)...$/.test(String((error as { code?: unknown } | null)?.code));
  }
}

/**
 * SQL of a field of an outcome. Looked up by key and not joined: a plan that knows nothing of the number
 * of outcomes compares each of them with each delivery.
 */
function outcome(field: keyof OutcomeFields): string {
  return `$2::jsonb -> (d.callback_id || ' ' || d.listener) ->> '${field}'`;
}

type OutcomeFields = Omit<DeliveryOutcome, 'callbackId' | 'listener'>;

function outcomeMember(it: DeliveryOutcome): string {
  const { fence, state, error, durationMs, retryInMs } = it;
  const fields: OutcomeFields = { fence, state, error, durationMs, retryInMs };
  return `${JSON.stringify(`${it.callbackId} ${it.listener}`)}:${JSON.stringify(fields)}`;
}

function doneMember({ callbackId, listener, fence, durationMs }: DeliveryOutcome): string {
  return `${JSON.stringify(`${callbackId} ${listener} ${fence}`)}:${durationMs}`;
}
