import type { DataSource } from 'typeorm';

import type { DeliveryLease, DeliveryOutcome, ReleasedDelivery } from '../../bus/index.js';
import { NOW_MS } from '../dialect.js';
import { STATEMENT_TIMEOUT_MS } from '../drivers/deadlines.js';
import { driverHandle } from '../drivers/driver-handle.js';
import {
  closeIdleConnections,
  type MysqlConnection,
  type MysqlPool,
} from '../drivers/mysql.pool.js';
import { LiveCallback, LiveCallbackDelivery, LiveCallbackRejection } from '../entities/index.js';
import { tableName } from '../table-name.js';
import { CALLBACK_COLUMNS, COLUMN_LIST, columnValues } from './callback.columns.js';
import type {
  BatchEntry,
  CallbackWriter,
  FoundDelivery,
  InsertLease,
  InsertResult,
  Lease,
  LeasedDelivery,
  NewDelivery,
  PurgeBatch,
  RejectionRow,
  Requeued,
  RequeueResult,
} from './callback.writer.js';
import {
  chunksOf,
  groupsOf,
  heldIn,
  leaseValues,
  marks,
  run,
  type Value,
} from './mysql.statements.js';

const NOW = NOW_MS.mysql;
/** InnoDB ends one of two transactions that wait for each other; it is to be tried again. */
const DEADLOCK_TRIES = 5;
const DEADLOCK_ERRNOS: ReadonlySet<unknown> = new Set([1205, 1213]);
/** Errors that concern a value: out of range, too long, wrong, not null, duplicate. */
const ROW_ERRNOS: ReadonlySet<unknown> = new Set([1048, 1062, 1264, 1265, 1292, 1366, 1406]);

type Query = <T = unknown>(sql: string, values?: Value[]) => Promise<T>;

interface StoredRow {
  readonly id: string;
  readonly content_digest: string;
  readonly variant: number;
  readonly has_elder: number;
}

/** What a lane holds that is not this process's. */
interface ForeignLane {
  readonly listener: string;
  readonly streamKey: string;
  /** Id of the earliest of these callbacks. */
  readonly earliest: string;
  /** 1 when one of them is held under a lease that has not run out. */
  readonly held: number | string;
}

/** Writes to MySQL and MariaDB, where neither RETURNING nor `affectedRows` tells new from known. */
export class MysqlWriter implements CallbackWriter {
  private readonly pool: MysqlPool;
  private readonly callback: string;
  private readonly delivery: string;
  private readonly rejection: string;

  constructor(dataSource: DataSource) {
    this.pool = driverHandle.mysql(dataSource);
    this.callback = tableName(dataSource, LiveCallback);
    this.delivery = tableName(dataSource, LiveCallbackDelivery);
    this.rejection = tableName(dataSource, LiveCallbackRejection);
  }

  insert(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]> {
    // Batches that take row locks in different orders deadlock.
    const sorted = batch.toSorted((a, b) =>
      a.callback.contentDigest < b.callback.contentDigest ? -1 : 1,
    );
    return this.transaction(async (query) => {
      for (const chunk of chunksOf(sorted)) await this.insertCallbacks(query, chunk);
      const rows = new Map<string, StoredRow>();
      for (const chunk of chunksOf(sorted)) {
        for (const row of await this.readBack(query, chunk, sorted))
          rows.set(row.content_digest, row);
      }
      const rowOf = ({ callback }: BatchEntry) => rows.get(callback.contentDigest);
      const isNew = (entry: BatchEntry) => rowOf(entry)?.id === entry.callback.id;
      const fresh = sorted.filter(isNew);
      const variants = fresh.filter((entry) => rowOf(entry)?.has_elder && !rowOf(entry)?.variant);
      for (const chunk of chunksOf(variants)) {
        await query(
          `UPDATE ${this.callback} SET variant = 1 WHERE id IN (${marks(chunk.length)})`,
          chunk.map(({ callback }) => callback.id),
        );
      }
      const deliveries = fresh.flatMap(({ callback }) => callback.deliveries);
      const leased = await this.insertDeliveries(query, deliveries, lease);
      return batch.map((entry) => ({
        isNew: isNew(entry),
        variant: rowOf(entry)?.variant === 1 || (isNew(entry) && rowOf(entry)?.has_elder === 1),
        leased: leased.get(entry.callback.id) ?? [],
      }));
    });
  }

  private async insertCallbacks(query: Query, entries: readonly BatchEntry[]): Promise<void> {
    const row = `(${marks(CALLBACK_COLUMNS.length + 1)})`;
    await query(
      `INSERT INTO ${this.callback} (${COLUMN_LIST}, variant)
       VALUES ${entries.map(() => row).join(', ')}
       ON DUPLICATE KEY UPDATE
         deliveries_count = deliveries_count + VALUES(deliveries_count),
         last_received_at = greatest(last_received_at, VALUES(last_received_at))`,
      entries.flatMap((entry) => [...columnValues(entry), entry.variantInBatch ? 1 : 0]),
    );
  }

  /** After the insert the row of each content is there and locked: its id says whose it is. */
  private readBack(
    query: Query,
    entries: readonly BatchEntry[],
    batch: readonly BatchEntry[],
  ): Promise<StoredRow[]> {
    const ids = batch.map(({ callback }) => callback.id);
    return query<StoredRow[]>(
      `SELECT c.id, c.content_digest, c.variant, EXISTS (
         SELECT 1 FROM ${this.callback} o
         WHERE o.identity_digest = c.identity_digest AND o.id NOT IN (${marks(ids.length)})
       ) AS has_elder
       FROM ${this.callback} c WHERE c.content_digest IN (${marks(entries.length)})`,
      [...ids, ...entries.map(({ callback }) => callback.contentDigest)],
    );
  }

  /** @returns those whose row is leased, by callback */
  private async insertDeliveries(
    query: Query,
    deliveries: readonly NewDelivery[],
    lease: InsertLease | null,
  ): Promise<ReadonlyMap<string, readonly NewDelivery[]>> {
    const leased = new Map<string, NewDelivery[]>();
    for (const chunk of chunksOf(deliveries)) {
      const blocked = lease === null ? null : await this.foreignLanes(query, chunk, lease.owner);
      // Once and for all: whether a listener has room may change before the statement has ended.
      const free = new Set(
        chunk.filter((it) => lease?.takes(it.listener) === true && !blocked?.has(laneOf(it))),
      );
      const row = `(?, ?, ?, 'pending', ?, ?, IF(? IS NULL, NULL, ${NOW} + ?), 1, ${NOW} + ?)`;
      await query(
        `INSERT INTO ${this.delivery}
           (callback_id, listener, stream_key, state, attempts, lease_owner, lease_until, fence,
             next_attempt_at)
         VALUES ${chunk.map(() => row).join(', ')}`,
        chunk.flatMap((it) => {
          const owner = free.has(it) ? (lease?.owner ?? null) : null;
          const attempts = owner === null ? 0 : it.attempts;
          const length = lease?.milliseconds ?? 0;
          const grace = owner === null ? (lease?.graceMs ?? null) : null;
          return [it.callbackId, it.listener, it.streamKey, attempts, owner, owner, length, grace];
        }),
      );
      for (const it of free) {
        leased.set(it.callbackId, [...(leased.get(it.callbackId) ?? []), it]);
      }
    }
    return leased;
  }

  /** Lanes with a delivery that waits in the table or at another owner, by lane. */
  private async foreignLanes(
    query: Query,
    deliveries: readonly Pick<LeasedDelivery, 'listener' | 'streamKey'>[],
    owner: string,
  ): Promise<ReadonlyMap<string, ForeignLane>> {
    const rows = await query<ForeignLane[]>(
      `SELECT listener, stream_key AS streamKey, MIN(callback_id) AS earliest,
         MAX(COALESCE(lease_until >= ${NOW}, 0)) AS held
       FROM ${this.delivery}
       WHERE state = 'pending' AND NOT (lease_owner <=> ?)
         AND (listener, stream_key) IN (${deliveries.map(() => '(?, ?)').join(', ')})
       GROUP BY listener, stream_key`,
      [owner, ...deliveries.flatMap(({ listener, streamKey }) => [listener, streamKey])],
    );
    return new Map(rows.map((row) => [laneOf(row), row]));
  }

  async contested(
    leased: readonly LeasedDelivery[],
    owner: string,
  ): Promise<readonly LeasedDelivery[]> {
    // A lane is asked for once: its deliveries in two statements could get two answers, and the later
    // ones be kept while the earlier ones are given back.
    const distinct = [...new Map(leased.map((it) => [laneOf(it), it])).values()];
    return this.onConnection(async (query) => {
      const lanes = new Map<string, ForeignLane>();
      for (const chunk of chunksOf(distinct)) {
        for (const [key, lane] of await this.foreignLanes(query, chunk, owner))
          lanes.set(key, lane);
      }
      return leased.filter((it) => {
        const lane = lanes.get(laneOf(it));
        return lane && (Number(lane.held) === 1 || lane.earliest < it.callbackId);
      });
    });
  }

  requeue(callback: Requeued): Promise<RequeueResult> {
    const { id, identityDigest } = callback;
    return this.transaction(async (query) => {
      const [row] = await query<{ state: string }[]>(
        `SELECT state FROM ${this.callback} WHERE id = ? AND COALESCE(body_purged_at, 0) = 0 FOR UPDATE`,
        [id],
      );
      if (row === undefined || row.state === 'accepted') return null;
      const elders = await query<unknown[]>(
        `SELECT 1 FROM ${this.callback} WHERE identity_digest = ? AND id <> ? LIMIT 1`,
        [identityDigest, id],
      );
      const variant = elders.length > 0;
      await query(
        `UPDATE ${this.callback}
         SET state = 'accepted', reviewed_at = ${NOW}, kind = ?, occurred_at = ?, errors = NULL,
           identity_digest = ?, remarks = ?, variant = ?
         WHERE id = ?`,
        [callback.kind, callback.occurredAt, identityDigest, callback.remarks, +variant, id],
      );
      const known = await query<{ listener: string }[]>(
        `SELECT listener FROM ${this.delivery} WHERE callback_id = ?`,
        [id],
      );
      const deliveries = callback.deliveries.filter(
        (it) => !known.some(({ listener }) => listener === it.listener),
      );
      await this.insertDeliveries(query, deliveries, null);
      return { variant };
    });
  }

  async settle(outcomes: readonly DeliveryOutcome[]): Promise<void> {
    const sorted = outcomes.toSorted((a, b) => (a.callbackId < b.callbackId ? -1 : 1));
    await this.transaction(async (query) => {
      // Outcomes of one state and duration share a statement; nearly all are done within 0 or 1 ms.
      for (const group of groupsOf(sorted)) {
        for (const chunk of chunksOf(group)) await this.settleAlike(query, chunk);
      }
    });
  }

  private async settleAlike(query: Query, outcomes: readonly DeliveryOutcome[]): Promise<void> {
    const [{ state, error, durationMs, retryInMs }] = outcomes as readonly [DeliveryOutcome];
    const rest =
      state === 'pending'
        ? `next_attempt_at = ${NOW} + ?`
        : `next_attempt_at = NULLIF(?, 0), finished_at = ${NOW}, lease_owner = NULL, lease_until = NULL`;
    await query(
      `UPDATE ${this.delivery} SET last_error = ?, duration_ms = ?, ${rest}, state = ?
       WHERE ${heldIn(outcomes)} AND state = 'pending'`,
      [error, durationMs, retryInMs, state, ...leaseValues(outcomes)],
    );
  }

  async claim(found: readonly FoundDelivery[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.transaction(async (query) => {
      const claimed: FoundDelivery[] = [];
      for (const it of found) {
        const { affectedRows } = await query<{ affectedRows: number }>(
          `UPDATE ${this.delivery}
           SET lease_owner = ?, lease_until = ${NOW} + ?, fence = fence + 1
           WHERE ${heldIn([it])} AND state = 'pending'
             AND (lease_until IS NULL OR lease_until < ${NOW})`,
          [lease.owner, lease.milliseconds, ...leaseValues([it])],
        );
        if (affectedRows === 1) claimed.push({ ...it, fence: it.fence + 1 });
      }
      for (const chunk of chunksOf(claimed)) await this.disownLanes(query, chunk, lease.owner);
      return claimed;
    });
  }

  private async disownLanes(
    query: Query,
    claimed: readonly FoundDelivery[],
    owner: string,
  ): Promise<void> {
    await query(
      `UPDATE ${this.delivery} SET lease_owner = NULL, lease_until = NULL, fence = fence + 1
       WHERE state = 'pending' AND lease_owner <> ? AND lease_until < ${NOW}
         AND (listener, stream_key) IN (${claimed.map(() => '(?, ?)').join(', ')})`,
      [owner, ...claimed.flatMap(({ listener, streamKey }) => [listener, streamKey])],
    );
  }

  async renew(leases: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.transaction(async (query) => {
      const lost: DeliveryLease[] = [];
      for (const chunk of chunksOf(leases)) {
        const { affectedRows } = await query<{ affectedRows: number }>(
          `UPDATE ${this.delivery} SET lease_owner = ?, lease_until = ${NOW} + ?
           WHERE ${heldIn(chunk)} AND state = 'pending'`,
          [lease.owner, lease.milliseconds, ...leaseValues(chunk)],
        );
        if (affectedRows < chunk.length) lost.push(...(await this.lostOf(query, chunk)));
      }
      return lost;
    });
  }

  private async lostOf(query: Query, leases: readonly DeliveryLease[]): Promise<DeliveryLease[]> {
    const rows = await query<{ callbackId: string; listener: string }[]>(
      `SELECT callback_id AS callbackId, listener FROM ${this.delivery}
       WHERE ${heldIn(leases)} AND state = 'pending'`,
      leaseValues(leases),
    );
    const kept = new Set(rows.map(({ callbackId, listener }) => `${callbackId} ${listener}`));
    return leases.filter(({ callbackId, listener }) => !kept.has(`${callbackId} ${listener}`));
  }

  async release(leases: readonly ReleasedDelivery[]): Promise<void> {
    await this.transaction(async (query) => {
      for (const unused of [0, 1]) {
        const alike = leases.filter(({ isUnused }) => Number(isUnused) === unused);
        for (const chunk of chunksOf(alike)) {
          await query(
            `UPDATE ${this.delivery}
             SET lease_owner = NULL, lease_until = NULL, attempts = attempts - ?
             WHERE ${heldIn(chunk)} AND state = 'pending'`,
            [unused, ...leaseValues(chunk)],
          );
        }
      }
    });
  }

  async recordRejections(rows: readonly RejectionRow[]): Promise<void> {
    await this.transaction(async (query) => {
      for (const row of rows) {
        await query(
          `INSERT INTO ${this.rejection}
             (id, reason, count, remote_address, excerpt, first_at, last_at)
           VALUES (${marks(7)})
           ON DUPLICATE KEY UPDATE count = VALUES(count), last_at = VALUES(last_at)`,
          [row.id, row.reason, row.count, row.remoteAddress, row.excerpt, row.firstAt, row.lastAt],
        );
      }
    });
  }

  dropBodies(batch: PurgeBatch): Promise<number> {
    return this.purge(batch, 'IS NULL', async (query, ids) => {
      await query(
        `UPDATE ${this.callback}
         SET body = NULL, errors = NULL, remarks = NULL, remote_address = NULL,
           body_purged_at = ${NOW}
         WHERE id IN (${marks(ids.length)})`,
        ids,
      );
      await query(
        `UPDATE ${this.delivery} SET last_error = NULL
         WHERE callback_id IN (${marks(ids.length)}) AND last_error IS NOT NULL`,
        ids,
      );
    });
  }

  deleteCallbacks(batch: PurgeBatch): Promise<number> {
    return this.purge(batch, 'IS NOT NULL', async (query, ids) => {
      const list = marks(ids.length);
      await query(`DELETE FROM ${this.delivery} WHERE callback_id IN (${list})`, ids);
      await query(`DELETE FROM ${this.callback} WHERE id IN (${list})`, ids);
    });
  }

  deleteRejections(ids: readonly string[]): Promise<number> {
    return this.transaction(async (query) => {
      let count = 0;
      for (const chunk of chunksOf(ids)) {
        const { affectedRows } = await query<{ affectedRows: number }>(
          `DELETE FROM ${this.rejection} WHERE id IN (${marks(chunk.length)})`,
          chunk,
        );
        count += affectedRows;
      }
      return count;
    });
  }

  /** Never waits for rows that the intake or another purge holds; the next purge comes to them. */
  private purge(
    { ids, before }: PurgeBatch,
    body: 'IS NULL' | 'IS NOT NULL',
    work: (query: Query, ids: string[]) => Promise<void>,
  ): Promise<number> {
    return this.transaction(async (query) => {
      const free: string[] = [];
      for (const chunk of chunksOf(ids)) {
        // By the primary key alone: on another index it would lock gaps that inserts need.
        const rows = await query<{ id: string }[]>(
          `SELECT id FROM ${this.callback} FORCE INDEX (PRIMARY)
           WHERE id IN (${marks(chunk.length)}) AND body_purged_at ${body}
             AND last_received_at < ? AND COALESCE(reviewed_at, 0) < ?
           FOR UPDATE SKIP LOCKED`,
          [...chunk, before, before],
        );
        free.push(...rows.map(({ id }) => id));
      }
      for (const chunk of chunksOf(free)) await work(query, chunk);
      return free.length;
    });
  }

  async probe(): Promise<void> {
    await this.transaction((query) =>
      query(`UPDATE ${this.callback} SET kind = kind WHERE id IS NULL`),
    );
  }

  dropIdleConnections(): void {
    closeIdleConnections(this.pool);
  }

  /** Runs nothing beside the pool, which the DataSource closes. */
  async close(): Promise<void> {}

  isRowFault(error: unknown): boolean {
    return ROW_ERRNOS.has((error as { errno?: unknown } | null)?.errno);
  }

  private async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.onConnection(async (query) => {
          await query('START TRANSACTION');
          const result = await work(query);
          await query('COMMIT');
          return result;
        });
      } catch (error) {
        const isDeadlock = DEADLOCK_ERRNOS.has((error as { errno?: unknown }).errno);
        if (!isDeadlock || attempt >= DEADLOCK_TRIES) throw error;
      }
    }
  }

  private async onConnection<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const connection = await this.connect();
    try {
      const result = await work((sql, values = []) => run(connection, sql, values));
      connection.release();
      return result;
    } catch (error) {
      // The state of the connection is in doubt; the server rolls back when it ends.
      connection.destroy();
      throw error;
    }
  }

  private connect(): Promise<MysqlConnection> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        reject(new Error(`No connection to the database within ${STATEMENT_TIMEOUT_MS} ms`));
      }, STATEMENT_TIMEOUT_MS);
      this.pool.getConnection((error, connection) => {
        clearTimeout(timer);
        if (error) reject(error);
        else if (isLate) connection.release();
        else resolve(connection);
      });
    });
  }
}

function laneOf({ listener, streamKey }: Pick<NewDelivery, 'listener' | 'streamKey'>): string {
  return `${listener} ${streamKey}`;
}
