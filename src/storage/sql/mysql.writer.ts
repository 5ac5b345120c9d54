import type { DataSource } from 'typeorm';

import type { CountedLease, DeliveryLease, DeliveryOutcome } from '../delivery.lease.js';
import { columnNames } from '../connection/column-names.js';
import { driverHandle } from '../connection/drivers/driver-handle.js';
import { LiveCallbackDelivery } from '../entities/index.js';
import { tableName } from '../connection/table-name.js';
import type {
  BatchEntry,
  CallbackWriter,
  FoundDelivery,
  InsertLease,
  InsertResult,
  Lease,
  KeyedDelivery,
} from './callback.writer.js';
import { MysqlInsert } from './mysql.insert.js';
import { byLane, foreignLanes, inLanes, laneOf, lanesOf, type ForeignLane } from './mysql.lanes.js';
import { MysqlSessions, type Query } from './mysql.sessions.js';
import {
  byKey,
  chunksOf,
  countedChunks,
  groupsOf,
  heldIn,
  inRowOrder,
  leaseValues,
} from './mysql.statements.js';

/**
 * Errors that concern a value (out of range, too long, wrong, null, duplicate, refused by a constraint or
 * trigger), or all of a batch: too large a packet or transaction, too many parameters.
 */
const ROW_ERRNOS: ReadonlySet<unknown> = new Set([
  1048, 1062, 1264, 1265, 1292, 1366, 1406, 1644, 3819, 4025, 1153, 1197, 1390,
]);

/** Writes to MySQL and MariaDB. */
export class MysqlWriter implements CallbackWriter {
  private readonly batchInsert: MysqlInsert;
  private readonly delivery: string;

  /** @param now the time of the database as an expression */
  constructor(
    dataSource: DataSource,
    private readonly now: string,
    private readonly sessions = new MysqlSessions(
      driverHandle.mysql(dataSource),
      columnNames(dataSource),
    ),
  ) {
    this.batchInsert = new MysqlInsert(dataSource, sessions, now);
    this.delivery = tableName(dataSource, LiveCallbackDelivery);
  }

  insert(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]> {
    return this.batchInsert.run(batch, lease);
  }

  async contested(
    leased: readonly KeyedDelivery[],
    owner: string,
  ): Promise<readonly KeyedDelivery[]> {
    // A lane is asked for once: its deliveries in two statements could get two answers, and the later
    // ones be kept while the earlier ones are given back.
    const distinct = [...new Map(leased.map((it) => [laneOf(it), it])).values()];
    return this.sessions.onConnection(async (query) => {
      const lanes = new Map<string, ForeignLane>();
      for (const chunk of chunksOf(distinct)) {
        for (const [key, lane] of await foreignLanes(query, this.delivery, chunk, owner, this.now))
          lanes.set(key, lane);
      }
      return leased.filter((it) => {
        const lane = lanes.get(laneOf(it));
        return lane && (Number(lane.held) === 1 || lane.earliest < it.callbackId);
      });
    });
  }

  async settle(outcomes: readonly DeliveryOutcome[]): Promise<void> {
    // Outcomes of one state and duration share a statement; nearly all are done within 0 or 1 ms.
    const alike = groupsOf(inRowOrder(outcomes)).flatMap((group) => chunksOf(group));
    const work = async (query: Query) => {
      for (const chunk of alike) await this.settleAlike(query, chunk);
    };
    await (alike.length > 1 ? this.sessions.transaction(work) : this.sessions.statement(work));
  }

  private async settleAlike(query: Query, outcomes: readonly DeliveryOutcome[]): Promise<void> {
    const [{ state, error, durationMs, retryInMs }] = outcomes as readonly [DeliveryOutcome];
    const rest =
      state === 'pending'
        ? `next_attempt_at = ${this.now} + ?`
        : `next_attempt_at = NULLIF(?, 0), finished_at = ${this.now}, lease_owner = NULL, lease_until = NULL`;
    await query(
      `UPDATE ${byKey(this.delivery)} SET last_error = ?, duration_ms = ?, ${rest}, state = ?
       WHERE ${heldIn(outcomes)} AND state = 'pending'`,
      [error, durationMs, retryInMs, state, ...leaseValues(outcomes)],
    );
  }

  async claim(found: readonly FoundDelivery[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.sessions.transaction(async (query) => {
      const claimed: FoundDelivery[] = [];
      for (const [counted, chunk] of countedChunks(found)) {
        const { affectedRows } = await query<{ affectedRows: number }>(
          `UPDATE ${byKey(this.delivery)}
           SET lease_owner = ?, lease_until = ${this.now} + ?, fence = fence + 1,
             attempts = attempts + ?, next_attempt_at = IF(?, NULL, next_attempt_at)
           WHERE ${heldIn(chunk)} AND state = 'pending'
             AND (lease_until IS NULL OR lease_until < ${this.now})`,
          [lease.owner, lease.milliseconds, counted, counted, ...leaseValues(chunk)],
        );
        const leased = chunk.map((it) => ({ ...it, fence: it.fence + 1 }));
        const isAll = affectedRows === chunk.length;
        const lost = new Set(isAll ? [] : await this.lostOf(query, leased, lease.owner));
        claimed.push(...leased.filter((it) => !lost.has(it)));
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
      `UPDATE ${byLane(this.delivery)} SET lease_owner = NULL, lease_until = NULL, fence = fence + 1
       WHERE state = 'pending' AND lease_owner <> ? AND lease_until < ${this.now}
         AND ${inLanes(claimed)}`,
      [owner, ...lanesOf(claimed)],
    );
  }

  async renew(leases: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.sessions.transaction(async (query) => {
      const lost: DeliveryLease[] = [];
      for (const chunk of chunksOf(inRowOrder(leases))) {
        const { affectedRows } = await query<{ affectedRows: number }>(
          `UPDATE ${byKey(this.delivery)} SET lease_owner = ?, lease_until = ${this.now} + ?
           WHERE ${heldIn(chunk)} AND state = 'pending'`,
          [lease.owner, lease.milliseconds, ...leaseValues(chunk)],
        );
        if (affectedRows < chunk.length) {
          lost.push(...(await this.lostOf(query, chunk, lease.owner)));
        }
      }
      return lost;
    });
  }

  /** @returns leases that the owner does not have */
  private async lostOf<T extends DeliveryLease>(
    query: Query,
    leases: readonly T[],
    owner: string,
  ): Promise<T[]> {
    const rows = await query<{ callbackId: string; listener: string }[]>(
      `SELECT callback_id AS callbackId, listener AS 'listener' FROM ${byKey(this.delivery)}
       WHERE ${heldIn(leases)} AND state = 'pending' AND lease_owner = ?`,
      [...leaseValues(leases), owner],
    );
    const kept = new Set(rows.map(({ callbackId, listener }) => `${callbackId} ${listener}`));
    return leases.filter(({ callbackId, listener }) => !kept.has(`${callbackId} ${listener}`));
  }

  async release(leases: readonly CountedLease[]): Promise<void> {
    await this.sessions.transaction(async (query) => {
      for (const [counted, chunk] of countedChunks(leases)) {
        await query(
          `UPDATE ${byKey(this.delivery)}
           SET lease_owner = NULL, lease_until = NULL, attempts = attempts - ?
           WHERE ${heldIn(chunk)} AND state = 'pending'`,
          [counted, ...leaseValues(chunk)],
        );
      }
    });
  }

  dropIdleConnections(): void {
    this.sessions.closeIdle();
  }

  /** Runs nothing beside the pool, which the DataSource closes. */
  async close(): Promise<void> {}

  isRowFault(error: unknown): boolean {
    return ROW_ERRNOS.has((error as { errno?: unknown } | null)?.errno);
  }
}
