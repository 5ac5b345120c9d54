import type { DataSource } from 'typeorm';

import type { DeliveryLease, DeliveryOutcome } from '../../bus/index.js';
import { NOW_MS } from '../dialect.js';
import { LiveCallback, LiveCallbackDelivery, LiveCallbackRejection } from '../entities/index.js';
import {
  driverHandle,
  STATEMENT_TIMEOUT_MS,
  type MysqlConnection,
  type MysqlPool,
} from '../module-data-source.js';
import { tableName } from '../table-name.js';
import { CALLBACK_COLUMNS, COLUMN_LIST, columnValues } from './callback.columns.js';
import type {
  BatchEntry,
  CallbackWriter,
  InsertResult,
  Lease,
  NewDelivery,
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

/** A delivery row to be. */
interface DeliveryRow extends NewDelivery {
  readonly id: string;
}

interface StoredRow {
  readonly id: string;
  readonly content_digest: string;
  readonly variant: number;
  readonly has_elder: number;
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

  insert(batch: readonly BatchEntry[], lease: Lease | null): Promise<readonly InsertResult[]> {
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
      const deliveries = fresh.flatMap(({ callback }) =>
        callback.deliveries.map((delivery) => ({ id: callback.id, ...delivery })),
      );
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

  /** @returns the listeners whose row is leased, by callback */
  private async insertDeliveries(
    query: Query,
    deliveries: readonly DeliveryRow[],
    lease: Lease | null,
  ): Promise<Map<string, string[]>> {
    const leased = new Map<string, string[]>();
    for (const chunk of chunksOf(deliveries)) {
      const blocked = lease === null ? null : await this.blockedLanes(query, chunk, lease);
      const isFree = (it: DeliveryRow) => blocked !== null && !blocked.has(laneOf(it));
      const row = `(?, ?, ?, 'pending', ?, ?, IF(? IS NULL, NULL, ${NOW} + ?), 1)`;
      await query(
        `INSERT INTO ${this.delivery}
           (callback_id, listener, stream_key, state, attempts, lease_owner, lease_until, fence)
         VALUES ${chunk.map(() => row).join(', ')}`,
        chunk.flatMap((it) => {
          const owner = isFree(it) ? (lease?.owner ?? null) : null;
          const attempts = owner === null ? 0 : 1;
          const length = lease?.milliseconds ?? 0;
          return [it.id, it.listener, it.streamKey, attempts, owner, owner, length];
        }),
      );
      for (const it of chunk.filter(isFree)) {
        leased.set(it.id, [...(leased.get(it.id) ?? []), it.listener]);
      }
    }
    return leased;
  }

  /** Lanes in which an earlier delivery waits in the table or at another process. */
  private async blockedLanes(
    query: Query,
    deliveries: readonly DeliveryRow[],
    lease: Lease,
  ): Promise<ReadonlySet<string>> {
    const rows = await query<{ listener: string; stream_key: string }[]>(
      `SELECT DISTINCT listener, stream_key FROM ${this.delivery}
       WHERE state = 'pending' AND NOT (lease_owner <=> ?)
         AND (listener, stream_key) IN (${deliveries.map(() => '(?, ?)').join(', ')})`,
      [lease.owner, ...deliveries.flatMap(({ listener, streamKey }) => [listener, streamKey])],
    );
    return new Set(rows.map(({ listener, stream_key }) => `${listener} ${stream_key}`));
  }

  requeue(callback: Requeued, lease: Lease): Promise<RequeueResult> {
    const { id, identityDigest } = callback;
    return this.transaction(async (query) => {
      const [row] = await query<{ state: string }[]>(
        `SELECT state FROM ${this.callback} WHERE id = ? FOR UPDATE`,
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
         SET state = 'accepted', kind = ?, occurred_at = ?, errors = NULL,
           identity_digest = ?, remarks = ?, variant = ?
         WHERE id = ?`,
        [callback.kind, callback.occurredAt, identityDigest, callback.remarks, +variant, id],
      );
      const known = await query<{ listener: string }[]>(
        `SELECT listener FROM ${this.delivery} WHERE callback_id = ?`,
        [id],
      );
      const deliveries = callback.deliveries
        .filter((it) => !known.some(({ listener }) => listener === it.listener))
        .map((it) => ({ id, ...it }));
      const leased = await this.insertDeliveries(query, deliveries, lease);
      return { variant, leased: leased.get(id) ?? [] };
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

  async claim(found: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.transaction(async (query) => {
      const claimed: DeliveryLease[] = [];
      for (const it of found) {
        const { affectedRows } = await query<{ affectedRows: number }>(
          `UPDATE ${this.delivery}
           SET lease_owner = ?, lease_until = ${NOW} + ?, fence = fence + 1
           WHERE ${heldIn([it])} AND state = 'pending'`,
          [lease.owner, lease.milliseconds, ...leaseValues([it])],
        );
        if (affectedRows === 1) claimed.push({ ...it, fence: it.fence + 1 });
      }
      return claimed;
    });
  }

  async renew(leases: readonly DeliveryLease[], lease: Lease): Promise<void> {
    await this.transaction(async (query) => {
      for (const chunk of chunksOf(leases)) {
        await query(
          `UPDATE ${this.delivery} SET lease_until = ${NOW} + ?
           WHERE ${heldIn(chunk)} AND state = 'pending'`,
          [lease.milliseconds, ...leaseValues(chunk)],
        );
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

  async probe(): Promise<void> {
    await this.transaction((query) =>
      query(`UPDATE ${this.callback} SET kind = kind WHERE id IS NULL`),
    );
  }

  isRowFault(error: unknown): boolean {
    return ROW_ERRNOS.has((error as { errno?: unknown } | null)?.errno);
  }

  private async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.connect();
      const query: Query = (sql, values = []) => run(connection, sql, values);
      try {
        await query('START TRANSACTION');
        const result = await work(query);
        await query('COMMIT');
        connection.release();
        return result;
      } catch (error) {
        // The state of the connection is in doubt; the server rolls back when it ends.
        connection.destroy();
        const isDeadlock = DEADLOCK_ERRNOS.has((error as { errno?: unknown }).errno);
        if (!isDeadlock || attempt >= DEADLOCK_TRIES) throw error;
      }
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

function laneOf({ listener, streamKey }: NewDelivery): string {
  return `${listener} ${streamKey}`;
}
