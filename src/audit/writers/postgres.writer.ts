import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';

import type { DeliveryLease, DeliveryOutcome, ReleasedDelivery } from '../../bus/index.js';
import { NOW_MS } from '../dialect.js';
import { LiveCallback, LiveCallbackDelivery, LiveCallbackRejection } from '../entities/index.js';
import { driverHandle } from '../drivers/driver-handle.js';
import { isPending } from '../open-deliveries.js';
import { tableName } from '../table-name.js';
import { CALLBACK_COLUMNS, COLUMN_LIST } from './callback.columns.js';
import { arrayOf, plainArrayOf } from './postgres.array.js';
import type {
  BatchEntry,
  CallbackWriter,
  FoundDelivery,
  InsertLease,
  InsertResult,
  Lease,
  LeasedDelivery,
  PurgeBatch,
  RejectionRow,
  Requeued,
  RequeueResult,
} from './callback.writer.js';

const NOW = NOW_MS.postgres;

/**
 * Writes to PostgreSQL. A batch is one prepared statement, and with that one round trip and one
 * commit, whatever its size: columns travel as arrays.
 *
 * The plan of a prepared statement stays, also one that was made on tables without rows, where a pass
 * over everything looks cheap. So what is looked up per row is a LATERAL join with a LIMIT or OFFSET; rows to be
 * changed are named by an array too, and their state is asked for in words that no partial index
 * answers; and connections prefer indexes to passes (see `createModuleDataSource`).
 */
export class PostgresWriter implements CallbackWriter {
  private readonly pool: Pool;
  private readonly insertSql: string;
  private readonly probeSql: string;
  private readonly requeueSql: string;
  private readonly settleSql: string;
  private readonly claimSql: string;
  private readonly renewSql: string;
  private readonly releaseSql: string;
  private readonly contestedSql: string;
  private readonly rejectionSql: string;
  private readonly dropBodiesSql: string;
  private readonly deleteCallbacksSql: string;
  private readonly deleteRejectionsSql: string;

  constructor(dataSource: DataSource) {
    const callback = tableName(dataSource, LiveCallback);
    const delivery = tableName(dataSource, LiveCallbackDelivery);
    const rejection = tableName(dataSource, LiveCallbackRejection);
    this.pool = driverHandle.postgres(dataSource);
    const arrays = CALLBACK_COLUMNS.map(
      ({ type }, index) => `$${index + 1}::${type === 'digest' ? 'text' : type}[]`,
    ).join(', ');
    const next = CALLBACK_COLUMNS.length + 1;
    this.probeSql = `UPDATE ${callback} SET kind = kind WHERE id IS NULL`;
    this.insertSql = `
      WITH incoming AS (
        SELECT * FROM unnest(${arrays}, $${next}::boolean[]) AS v(${COLUMN_LIST}, variant)
      ), stored AS (
        INSERT INTO ${callback} AS c (${COLUMN_LIST}, variant)
        SELECT ${CALLBACK_COLUMNS.map(({ name }) => `v.${name}`).join(', ')},
          v.variant OR elder.is_there IS NOT NULL
        FROM incoming v
        LEFT JOIN LATERAL (
          SELECT true AS is_there FROM ${callback} o
          WHERE o.identity_digest = v.identity_digest LIMIT 1) elder ON true
        ON CONFLICT (content_digest) DO UPDATE SET
          deliveries_count = c.deliveries_count + excluded.deliveries_count,
          last_received_at = greatest(c.last_received_at, excluded.last_received_at)
        RETURNING c.id, c.content_digest, c.variant
      ), placed AS MATERIALIZED (
        SELECT d.*, NOT d.taken OR other.is_there IS NOT NULL AS waits
        FROM unnest($${next + 1}::uuid[], $${next + 2}::text[], $${next + 3}::text[],
            $${next + 4}::int[], $${next + 5}::boolean[])
          AS d(callback_id, listener, stream_key, attempts, taken)
        JOIN stored s ON s.id = d.callback_id
        LEFT JOIN LATERAL (
          SELECT true AS is_there FROM ${delivery} e
          WHERE d.taken AND e.state = 'pending' AND e.listener = d.listener
            AND e.stream_key = d.stream_key
            AND e.lease_owner IS DISTINCT FROM $${next + 6}::text
          LIMIT 1) other ON true
      ), deliveries AS (
        INSERT INTO ${delivery}
          (callback_id, listener, stream_key, state, attempts, lease_owner, lease_until, fence,
            next_attempt_at)
        SELECT callback_id, listener, stream_key, 'pending',
          CASE WHEN waits THEN 0 ELSE attempts END,
          CASE WHEN waits THEN NULL ELSE $${next + 6}::text END,
          CASE WHEN waits THEN NULL ELSE ${NOW} + $${next + 7}::bigint END, 1,
          CASE WHEN waits THEN ${NOW} + $${next + 8}::bigint END
        FROM placed
      )
      SELECT
        (SELECT string_agg(concat_ws(' ', id, content_digest, variant), ',') FROM stored) AS stored,
        (SELECT json_agg(json_build_array(callback_id, listener))
         FROM placed WHERE taken AND waits) AS lost`;
    this.requeueSql = `
      WITH changed AS (
        UPDATE ${callback} c
        SET state = 'accepted', reviewed_at = ${NOW}, kind = $2, occurred_at = $3::bigint, errors = NULL,
          identity_digest = $4, remarks = $5,
          variant = EXISTS (
            SELECT 1 FROM ${callback} o WHERE o.identity_digest = $4 AND o.id <> $1::uuid)
        WHERE c.id = $1::uuid AND c.state <> 'accepted' AND c.body_purged_at IS NULL
        RETURNING c.id, c.variant
      ), added AS (
        INSERT INTO ${delivery} (callback_id, listener, stream_key, state, attempts, fence)
        SELECT c.id, l.listener, l.stream_key, 'pending', 0, 1
        FROM changed c CROSS JOIN unnest($6::text[], $7::text[]) AS l(listener, stream_key)
        ON CONFLICT (callback_id, listener) DO NOTHING
      )
      SELECT variant FROM changed`;
    this.contestedSql = `
      SELECT d.callback_id AS "callbackId", d.listener, d.stream_key AS "streamKey"
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS d(callback_id, listener, stream_key)
      CROSS JOIN LATERAL (
        SELECT true FROM ${delivery} e
        WHERE e.state = 'pending' AND e.listener = d.listener AND e.stream_key = d.stream_key
          AND e.lease_owner IS DISTINCT FROM $4
          AND (e.lease_until >= ${NOW} OR e.callback_id < d.callback_id)
        LIMIT 1) other`;
    const isHeld = `d.callback_id = ANY($1::uuid[]) AND d.callback_id = v.callback_id
        AND d.listener = v.listener AND d.fence = v.fence
        AND ${isPending('d.state')}`;
    const held = `
      FROM unnest($1::uuid[], $2::text[], $3::int[]) AS v(callback_id, listener, fence)
      WHERE ${isHeld}`;
    const isOpen = `${outcome('state')} = 'pending'`;
    this.settleSql = `
      UPDATE ${delivery} d
      SET state = ${outcome('state')}, last_error = ${outcome('error')},
        duration_ms = (${outcome('durationMs')})::int,
        finished_at = CASE WHEN ${isOpen} THEN NULL ELSE ${NOW} END,
        next_attempt_at = CASE WHEN ${isOpen} THEN ${NOW} + (${outcome('retryInMs')})::int END,
        lease_owner = CASE WHEN ${isOpen} THEN d.lease_owner END,
        lease_until = CASE WHEN ${isOpen} THEN d.lease_until END
      WHERE d.callback_id = ANY($1::uuid[]) AND d.fence = (${outcome('fence')})::int
        AND ${isPending('d.state')}`;
    this.claimSql = `
      WITH claimed AS (
        UPDATE ${delivery} d
        SET lease_owner = $4, lease_until = ${NOW} + $5::bigint, fence = d.fence + 1 ${held}
          AND (d.lease_until IS NULL OR d.lease_until < ${NOW})
        RETURNING d.callback_id, d.listener, d.stream_key, d.fence
      ), disowned AS (
        UPDATE ${delivery} d SET lease_owner = NULL, lease_until = NULL, fence = d.fence + 1
        FROM (SELECT DISTINCT listener, stream_key FROM claimed) lane
        CROSS JOIN LATERAL (
          SELECT e.callback_id, e.listener FROM ${delivery} e
          WHERE e.state = 'pending' AND e.listener = lane.listener
            AND e.stream_key = lane.stream_key AND e.lease_owner <> $4 AND e.lease_until < ${NOW}
          OFFSET 0) late
        WHERE d.callback_id = late.callback_id AND d.listener = late.listener
          AND ${isPending('d.state')} AND d.lease_owner <> $4 AND d.lease_until < ${NOW}
          AND (d.callback_id, d.listener) NOT IN (SELECT callback_id, listener FROM claimed)
      )
      SELECT callback_id AS "callbackId", listener, fence FROM claimed`;
    this.renewSql = `
      UPDATE ${delivery} d SET lease_owner = $4, lease_until = ${NOW} + $5::bigint ${held}
      RETURNING d.callback_id AS "callbackId", d.listener`;
    this.releaseSql = `
      UPDATE ${delivery} d
      SET lease_owner = NULL, lease_until = NULL, attempts = d.attempts - v.unused
      FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[])
        AS v(callback_id, listener, fence, unused)
      WHERE ${isHeld}`;
    this.rejectionSql = `
      INSERT INTO ${rejection} (id, reason, count, remote_address, excerpt, first_at, last_at)
      SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
      ON CONFLICT (id) DO UPDATE SET count = excluded.count, last_at = excluded.last_at`;
    // Never waits for rows that the intake or another purge holds; the next purge comes to them.
    const isFree = `id IN (
          SELECT id FROM ${callback} WHERE id = ANY($1::uuid[]) FOR UPDATE SKIP LOCKED)
        AND last_received_at < $2::bigint AND coalesce(reviewed_at, 0) < $2::bigint`;
    this.dropBodiesSql = `
      WITH purged AS (
        UPDATE ${callback}
        SET body = NULL, errors = NULL, remarks = NULL, remote_address = NULL, body_purged_at = ${NOW}
        WHERE ${isFree} AND body_purged_at IS NULL
        RETURNING id
      ), cleared AS (
        UPDATE ${delivery} SET last_error = NULL
        WHERE callback_id IN (SELECT id FROM purged) AND last_error IS NOT NULL
      )
      SELECT count(*)::int AS count FROM purged`;
    this.deleteCallbacksSql = `
      WITH purged AS (
        DELETE FROM ${callback} WHERE ${isFree} AND body_purged_at IS NOT NULL RETURNING id
      ), deliveries AS (
        DELETE FROM ${delivery} WHERE callback_id IN (SELECT id FROM purged)
      )
      SELECT count(*)::int AS count FROM purged`;
    this.deleteRejectionsSql = `
      WITH purged AS (DELETE FROM ${rejection} WHERE id = ANY($1::uuid[]) RETURNING id)
      SELECT count(*)::int AS count FROM purged`;
  }

  async insert(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]> {
    // Nodes that store the same redeliveries take the row locks in the same order.
    const sorted = batch.toSorted((a, b) =>
      a.callback.contentDigest < b.callback.contentDigest ? -1 : 1,
    );
    const deliveries = batch.flatMap(({ callback }) => callback.deliveries);
    const listeners = new Set(deliveries.map(({ listener }) => listener));
    const taken = new Set([...listeners].filter((listener) => lease.takes(listener)));
    const { rows } = await this.pool.query<StoredBatch>({
      name: 'live_callback_insert',
      text: this.insertSql,
      values: [
        ...CALLBACK_COLUMNS.map(({ type, read }) =>
          type === 'text' ? arrayOf(sorted, read) : plainArrayOf(sorted, read),
        ),
        plainArrayOf(sorted, ({ variantInBatch }) => variantInBatch),
        plainArrayOf(deliveries, ({ callbackId }) => callbackId),
        arrayOf(deliveries, ({ listener }) => listener),
        plainArrayOf(deliveries, ({ streamKey }) => streamKey),
        plainArrayOf(deliveries, ({ attempts }) => attempts),
        plainArrayOf(deliveries, ({ listener }) => taken.has(listener)),
        lease.owner,
        lease.milliseconds,
        lease.graceMs,
      ],
    });
    const stored = storedOf(rows[0]);
    return batch.map(({ callback }) => {
      const row = stored.get(callback.contentDigest);
      if (!row) throw new Error('PostgreSQL did not store a callback and did not say why');
      const isNew = row.id === callback.id;
      const leased = isNew
        ? callback.deliveries.filter(
            ({ listener }) => taken.has(listener) && !row.lost.includes(listener),
          )
        : [];
      return { isNew, variant: row.variant, leased };
    });
  }

  async contested(
    leased: readonly LeasedDelivery[],
    owner: string,
  ): Promise<readonly LeasedDelivery[]> {
    const { rows } = await this.pool.query<LeasedDelivery>({
      name: 'live_callback_contested',
      text: this.contestedSql,
      values: [
        plainArrayOf(leased, ({ callbackId }) => callbackId),
        arrayOf(leased, ({ listener }) => listener),
        plainArrayOf(leased, ({ streamKey }) => streamKey),
        owner,
      ],
    });
    return rows;
  }

  async requeue(callback: Requeued): Promise<RequeueResult> {
    const { rows } = await this.pool.query<NonNullable<RequeueResult>>(this.requeueSql, [
      callback.id,
      callback.kind,
      callback.occurredAt,
      callback.identityDigest,
      callback.remarks,
      callback.deliveries.map(({ listener }) => listener),
      callback.deliveries.map(({ streamKey }) => streamKey),
    ]);
    return rows[0] ?? null;
  }

  async settle(outcomes: readonly DeliveryOutcome[]): Promise<void> {
    await this.pool.query({
      name: 'live_callback_settle',
      text: this.settleSql,
      values: [
        plainArrayOf(outcomes, ({ callbackId }) => callbackId),
        `{${outcomes.map(outcomeMember).join(',')}}`,
      ],
    });
  }

  async claim(found: readonly FoundDelivery[], lease: Lease): Promise<readonly DeliveryLease[]> {
    const { rows } = await this.pool.query<DeliveryLease>(this.claimSql, [
      ...leaseArrays(found),
      lease.owner,
      lease.milliseconds,
    ]);
    return rows;
  }

  async renew(leases: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]> {
    const { rows } = await this.pool.query<Omit<DeliveryLease, 'fence'>>(this.renewSql, [
      ...leaseArrays(leases),
      lease.owner,
      lease.milliseconds,
    ]);
    const kept = new Set(rows.map(({ callbackId, listener }) => `${callbackId} ${listener}`));
    return leases.filter(({ callbackId, listener }) => !kept.has(`${callbackId} ${listener}`));
  }

  async release(leases: readonly ReleasedDelivery[]): Promise<void> {
    await this.pool.query(this.releaseSql, [
      ...leaseArrays(leases),
      leases.map(({ isUnused }) => (isUnused ? 1 : 0)),
    ]);
  }

  async recordRejections(rows: readonly RejectionRow[]): Promise<void> {
    await this.pool.query(this.rejectionSql, [
      rows.map(({ id }) => id),
      rows.map(({ reason }) => reason),
      rows.map(({ count }) => count),
      rows.map(({ remoteAddress }) => remoteAddress),
      rows.map(({ excerpt }) => excerpt),
      rows.map(({ firstAt }) => firstAt),
      rows.map(({ lastAt }) => lastAt),
    ]);
  }

  dropBodies({ ids, before }: PurgeBatch): Promise<number> {
    return this.count(this.dropBodiesSql, [ids, before]);
  }

  deleteCallbacks({ ids, before }: PurgeBatch): Promise<number> {
    return this.count(this.deleteCallbacksSql, [ids, before]);
  }

  deleteRejections(ids: readonly string[]): Promise<number> {
    return this.count(this.deleteRejectionsSql, [ids]);
  }

  private async count(sql: string, values: readonly unknown[]): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(sql, [...values]);
    return rows[0]?.count ?? 0;
  }

  async probe(): Promise<void> {
    await this.pool.query(this.probeSql);
  }

  dropIdleConnections(): void {
    for (let idle = this.pool.idleCount; idle > 0; idle--) {
      // The pool hands out the idle ones first; released like this, they are closed.
      this.pool.connect((_error, client) => client?.release(true));
    }
  }

  /** Class 22: data exception, 23: integrity violation, 54: program limit exceeded. */
  /** Runs nothing beside the pool, which the DataSource closes. */
  async close(): Promise<void> {}

  isRowFault(error: unknown): boolean {
    return /^(22|23|54)...$/.test(String((error as { code?: unknown } | null)?.code));
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

/** What became of a batch, in one row: a row per callback costs the driver more. */
interface StoredBatch {
  /** Id, content digest and `t` or `f` for a variant, of each callback. */
  readonly stored: string | null;
  /** Callback and listener where another node has come into the lane first. */
  readonly lost: readonly [string, string][] | null;
}

interface StoredCallback {
  readonly id: string;
  readonly variant: boolean;
  /** Listeners whose lane another node has come into first. */
  readonly lost: readonly string[];
}

/** By content digest. */
function storedOf(batch: StoredBatch | undefined): Map<string, StoredCallback> {
  const stored = new Map<string, StoredCallback>();
  if (!batch?.stored) return stored;
  const { lost } = batch;
  for (const line of batch.stored.split(',')) {
    const [id = '', contentDigest = '', variant] = line.split(' ');
    stored.set(contentDigest, {
      id,
      variant: variant === 't',
      lost: lost?.filter(([callbackId]) => callbackId === id).map(([, listener]) => listener) ?? [],
    });
  }
  return stored;
}

function leaseArrays(leases: readonly DeliveryLease[]): [string[], string[], number[]] {
  return [
    leases.map(({ callbackId }) => callbackId),
    leases.map(({ listener }) => listener),
    leases.map(({ fence }) => fence),
  ];
}
