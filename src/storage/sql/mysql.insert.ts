import type { DataSource } from 'typeorm';

import { tableName } from '../connection/table-name.js';
import { fromBytes, toBytes } from '../entities/columns.js';
import { LiveCallback, LiveCallbackDelivery } from '../entities/index.js';
import { CALLBACK_COLUMNS, COLUMN_LIST, columnValues } from './callback.columns.js';
import type { BatchEntry, InsertLease, InsertResult, NewDelivery } from './callback.writer.js';
import { foreignLanes, laneOf } from './mysql.lanes.js';
import type { MysqlSessions, Query } from './mysql.sessions.js';
import { chunksOf, filledUp, marks } from './mysql.statements.js';

interface StoredRow {
  readonly id: string;
  readonly contentDigest: Buffer;
  readonly conflicting: number;
  readonly hasElder: number;
}

/**
 * Stores batches of callbacks with their deliveries in MySQL and MariaDB, where neither RETURNING nor
 * `affectedRows` tells new from known.
 */
export class MysqlInsert {
  private readonly callback: string;
  private readonly delivery: string;

  constructor(
    dataSource: DataSource,
    private readonly sessions: MysqlSessions,
    private readonly now: string,
  ) {
    this.callback = tableName(dataSource, LiveCallback);
    this.delivery = tableName(dataSource, LiveCallbackDelivery);
  }

  run(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]> {
    // Batches that take row locks in different orders deadlock.
    const sorted = batch.toSorted((a, b) =>
      a.callback.contentDigest < b.callback.contentDigest ? -1 : 1,
    );
    return this.sessions.transaction(async (query) => {
      for (const chunk of chunksOf(sorted, ({ callback }) => callback.body.length))
        await this.insertCallbacks(query, chunk);
      const rows = new Map<string, StoredRow>();
      for (const chunk of chunksOf(sorted)) {
        for (const row of await this.readBack(query, chunk, sorted))
          rows.set(fromBytes(row.contentDigest), row);
      }
      const rowOf = ({ callback }: BatchEntry) => rows.get(callback.contentDigest);
      const isNew = (entry: BatchEntry) => rowOf(entry)?.id === entry.callback.id;
      const fresh = sorted.filter(isNew);
      const variants = fresh.filter(
        (entry) => rowOf(entry)?.hasElder && !rowOf(entry)?.conflicting,
      );
      for (const chunk of chunksOf(variants)) {
        const ids = filledUp(chunk).map(({ callback }) => callback.id);
        await query(
          `UPDATE ${this.callback} SET conflicting = 1 WHERE id IN (${marks(ids.length)})`,
          ids,
        );
      }
      const deliveries = fresh.flatMap(({ callback }) => callback.deliveries);
      const leased = await this.insertDeliveries(query, deliveries, lease);
      return batch.map((entry) => ({
        isNew: isNew(entry),
        conflicting:
          rowOf(entry)?.conflicting === 1 || (isNew(entry) && rowOf(entry)?.hasElder === 1),
        leased: leased.get(entry.callback.id) ?? [],
      }));
    });
  }

  private async insertCallbacks(query: Query, entries: readonly BatchEntry[]): Promise<void> {
    const row = `(${marks(CALLBACK_COLUMNS.length + 1)})`;
    await query(
      `INSERT INTO ${this.callback} (${COLUMN_LIST}, conflicting)
       VALUES ${entries.map(() => row).join(', ')}
       ON DUPLICATE KEY UPDATE
         receipts_count = receipts_count + VALUES(receipts_count),
         last_received_at = greatest(last_received_at, VALUES(last_received_at))`,
      entries.flatMap((entry) => [...columnValues(entry), entry.conflictsInBatch ? 1 : 0]),
    );
  }

  /** After the insert the row of each content is there and locked: its id says whose it is. */
  private readBack(
    query: Query,
    entries: readonly BatchEntry[],
    batch: readonly BatchEntry[],
  ): Promise<StoredRow[]> {
    const ids = filledUp(batch).map(({ callback }) => callback.id);
    const digests = filledUp(entries).map(({ callback }) => toBytes(callback.contentDigest));
    return query<StoredRow[]>(
      `SELECT c.id AS 'id', c.content_digest AS 'contentDigest', c.conflicting AS 'conflicting', EXISTS (
         SELECT 1 FROM ${this.callback} o
         WHERE o.identity_digest = c.identity_digest AND o.id NOT IN (${marks(ids.length)})
       ) AS hasElder
       FROM ${this.callback} c WHERE c.content_digest IN (${marks(digests.length)})`,
      [...ids, ...digests],
    );
  }

  /** @returns those whose row is leased, by callback */
  private async insertDeliveries(
    query: Query,
    deliveries: readonly NewDelivery[],
    lease: InsertLease,
  ): Promise<ReadonlyMap<string, readonly NewDelivery[]>> {
    const leased = new Map<string, NewDelivery[]>();
    for (const chunk of chunksOf(deliveries)) {
      const blocked = await foreignLanes(query, this.delivery, chunk, lease.owner, this.now);
      // Once and for all: whether a listener has room may change before the statement has ended.
      const free = new Set(chunk.filter((it) => lease.takes(it) && !blocked.has(laneOf(it))));
      const row = `(?, ?, ?, ?, 'pending', ?, ?, IF(? IS NULL, NULL, ${this.now} + ?), 1, ${this.now} + ?)`;
      await query(
        `INSERT INTO ${this.delivery}
           (callback_id, listener, registration, ordering_key, state, attempts, lease_owner, lease_until, fence,
             next_attempt_at)
         VALUES ${chunk.map(() => row).join(', ')}`,
        chunk.flatMap((it) => {
          const owner = free.has(it) ? lease.owner : null;
          const attempts = owner === null ? 0 : it.attempts;
          const grace = owner === null ? lease.graceMs : null;
          return [
            it.callbackId,
            it.listener,
            lease.registration,
            toBytes(it.orderingKey),
            attempts,
            owner,
            owner,
            lease.milliseconds,
            grace,
          ];
        }),
      );
      for (const it of free) {
        leased.set(it.callbackId, [...(leased.get(it.callbackId) ?? []), it]);
      }
    }
    return leased;
  }
}
