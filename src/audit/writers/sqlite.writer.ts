import { setTimeout as sleep } from 'node:timers/promises';

import type { Database, Statement } from 'better-sqlite3';
import type { DataSource, DataSourceOptions } from 'typeorm';

import type { DeliveryLease, DeliveryOutcome, ReleasedDelivery } from '../../bus/index.js';
import { NOW_MS } from '../dialect.js';
import { LiveCallback, LiveCallbackDelivery, LiveCallbackRejection } from '../entities/index.js';
import { STATEMENT_TIMEOUT_MS } from '../drivers/deadlines.js';
import { driverHandle } from '../drivers/driver-handle.js';
import { SqliteCheckpointer } from '../drivers/sqlite.checkpointer.js';
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

const BUSY_PAUSE_MS = 10;
const NOW = NOW_MS.sqlite;

type SqliteOptions = Extract<DataSourceOptions, { type: 'better-sqlite3' }>;

/** Writes to SQLite in synchronous transactions, so that none is ever open across an await. */
export class SqliteWriter implements CallbackWriter {
  private readonly database: Database;
  private readonly checkpointer: SqliteCheckpointer;
  private readonly findIdentity: Statement;
  private readonly insertCallback: Statement;
  private readonly countCopies: Statement;
  private readonly findForeign: Statement;
  private readonly insertDelivery: Statement;
  private readonly touchCallbacks: Statement;
  private readonly requeueCallback: Statement;
  private readonly settleDelivery: Statement;
  private readonly claimDelivery: Statement;
  private readonly disownLane: Statement;
  private readonly renewDelivery: Statement;
  private readonly releaseDelivery: Statement;
  private readonly upsertRejection: Statement;
  private readonly dropBody: Statement;
  private readonly clearErrors: Statement;
  private readonly deleteCallback: Statement;
  private readonly deleteDeliveries: Statement;
  private readonly deleteRejection: Statement;

  constructor(dataSource: DataSource) {
    const callback = tableName(dataSource, LiveCallback);
    const delivery = tableName(dataSource, LiveCallbackDelivery);
    const rejection = tableName(dataSource, LiveCallbackRejection);
    this.database = driverHandle.sqlite(dataSource);
    const { nativeBinding } = dataSource.options as SqliteOptions;
    this.checkpointer = new SqliteCheckpointer(this.database, nativeBinding);
    // An upsert with RETURNING would be one statement, but SQLite builds a table for what it returns.
    this.findIdentity = this.database.prepare(
      `SELECT 1 FROM ${callback} WHERE identity_digest = ?`,
    );
    this.insertCallback = this.database.prepare(
      `INSERT INTO ${callback} (${COLUMN_LIST}, variant)
       VALUES (${CALLBACK_COLUMNS.map(() => '?').join(', ')}, ?)
       ON CONFLICT (content_digest) DO NOTHING`,
    );
    this.countCopies = this.database.prepare(
      `UPDATE ${callback}
       SET deliveries_count = deliveries_count + @copies,
         last_received_at = max(last_received_at, @receivedAt)
       WHERE content_digest = @contentDigest
       RETURNING variant`,
    );
    this.touchCallbacks = this.database.prepare(
      `UPDATE ${callback} SET kind = kind WHERE id IS NULL`,
    );
    this.findForeign = this.database.prepare(
      `SELECT 1 FROM ${delivery}
       WHERE state = 'pending' AND listener = ? AND stream_key = ? AND lease_owner IS NOT ?`,
    );
    this.insertDelivery = this.database.prepare(
      `INSERT INTO ${delivery}
         (callback_id, listener, stream_key, state, attempts, lease_owner, lease_until, fence,
           next_attempt_at)
       VALUES (@callbackId, @listener, @streamKey, 'pending', @attempts, @owner,
         iif(@owner IS NULL, NULL, ${NOW} + @length), 1, iif(@owner IS NULL, ${NOW} + @grace, NULL))
       ON CONFLICT (callback_id, listener) DO NOTHING`,
    );
    this.requeueCallback = this.database.prepare(
      `UPDATE ${callback}
       SET state = 'accepted', reviewed_at = ${NOW}, kind = @kind, occurred_at = @occurredAt, errors = NULL,
         identity_digest = @identityDigest, remarks = @remarks,
         variant = EXISTS (
           SELECT 1 FROM ${callback} WHERE identity_digest = @identityDigest AND id <> @id)
       WHERE id = @id AND state <> 'accepted' AND body_purged_at IS NULL
       RETURNING variant`,
    );
    this.settleDelivery = this.database.prepare(
      `UPDATE ${delivery}
       SET state = @state, last_error = @error, duration_ms = @durationMs,
         finished_at = iif(@state = 'pending', NULL, ${NOW}),
         next_attempt_at = iif(@state = 'pending', ${NOW} + @retryInMs, NULL),
         lease_owner = iif(@state = 'pending', lease_owner, NULL),
         lease_until = iif(@state = 'pending', lease_until, NULL)
       WHERE callback_id = @callbackId AND listener = @listener
         AND fence = @fence AND state = 'pending'`,
    );
    this.claimDelivery = this.database.prepare(
      `UPDATE ${delivery}
       SET lease_owner = @owner, lease_until = ${NOW} + @length, fence = fence + 1
       WHERE callback_id = @callbackId AND listener = @listener
         AND fence = @fence AND state = 'pending'
         AND (lease_until IS NULL OR lease_until < ${NOW})
         AND NOT EXISTS (
           SELECT 1 FROM ${delivery} e
           WHERE e.state = 'pending' AND e.listener = ${delivery}.listener
             AND e.stream_key = ${delivery}.stream_key AND e.lease_owner IS NOT @owner
             AND (e.lease_until >= ${NOW} OR e.callback_id < ${delivery}.callback_id))`,
    );
    this.disownLane = this.database.prepare(
      `UPDATE ${delivery} SET lease_owner = NULL, lease_until = NULL, fence = fence + 1
       WHERE state = 'pending' AND listener = @listener AND stream_key = @streamKey
         AND lease_owner <> @owner AND lease_until < ${NOW}`,
    );
    this.renewDelivery = this.database.prepare(
      `UPDATE ${delivery} SET lease_until = ${NOW} + @length, lease_owner = @owner
       WHERE callback_id = @callbackId AND listener = @listener
         AND fence = @fence AND state = 'pending'`,
    );
    this.releaseDelivery = this.database.prepare(
      `UPDATE ${delivery}
       SET lease_owner = NULL, lease_until = NULL, attempts = attempts - @unused
       WHERE callback_id = @callbackId AND listener = @listener
         AND fence = @fence AND state = 'pending'`,
    );
    this.upsertRejection = this.database.prepare(
      `INSERT INTO ${rejection} (id, reason, count, remote_address, excerpt, first_at, last_at)
       VALUES (@id, @reason, @count, @remoteAddress, @excerpt, @firstAt, @lastAt)
       ON CONFLICT (id) DO UPDATE SET count = excluded.count, last_at = excluded.last_at`,
    );
    const isUntouched = `last_received_at < @before AND ifnull(reviewed_at, 0) < @before`;
    this.dropBody = this.database.prepare(
      `UPDATE ${callback}
       SET body = NULL, errors = NULL, remarks = NULL, remote_address = NULL, body_purged_at = ${NOW}
       WHERE id = @id AND body_purged_at IS NULL AND ${isUntouched}`,
    );
    this.clearErrors = this.database.prepare(
      `UPDATE ${delivery} SET last_error = NULL
       WHERE callback_id = @id AND last_error IS NOT NULL`,
    );
    this.deleteCallback = this.database.prepare(
      `DELETE FROM ${callback} WHERE id = @id AND body_purged_at IS NOT NULL AND ${isUntouched}`,
    );
    this.deleteDeliveries = this.database.prepare(
      `DELETE FROM ${delivery} WHERE callback_id = @id`,
    );
    this.deleteRejection = this.database.prepare(`DELETE FROM ${rejection} WHERE id = @id`);
  }

  insert(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]> {
    return this.transaction(() => batch.map((entry) => this.insertOne(entry, lease)));
  }

  private insertOne(entry: BatchEntry, lease: InsertLease): InsertResult {
    const { identityDigest, contentDigest, receivedAt, deliveries } = entry.callback;
    const variant = entry.variantInBatch || this.findIdentity.get(identityDigest) !== undefined;
    const { changes } = this.insertCallback.run(...columnValues(entry), variant ? 1 : 0);
    if (changes === 1) {
      return { isNew: true, variant, leased: this.insertDeliveries(deliveries, lease) };
    }
    const copies = { copies: entry.copies, receivedAt, contentDigest };
    const row = this.countCopies.get(copies) as { variant: number };
    return { isNew: false, variant: row.variant === 1, leased: [] };
  }

  /** @returns those whose new row is leased */
  private insertDeliveries(
    deliveries: readonly NewDelivery[],
    lease: InsertLease | null,
  ): readonly NewDelivery[] {
    const length = lease?.milliseconds ?? 0;
    const grace = lease?.graceMs ?? null;
    return deliveries.filter((delivery) => {
      const { callbackId, listener, streamKey } = delivery;
      const owner = this.ownerOf(delivery, lease);
      const attempts = owner === null ? 0 : delivery.attempts;
      const values = { callbackId, listener, streamKey, attempts, owner, length, grace };
      return this.insertDelivery.run(values).changes === 1 && owner !== null;
    });
  }

  /** Nobody, where deliveries of the same lane wait that others hold or nobody does. */
  private ownerOf({ listener, streamKey }: NewDelivery, lease: InsertLease | null): string | null {
    if (!lease?.takes(listener)) return null;
    return this.findForeign.get(listener, streamKey, lease.owner) === undefined
      ? lease.owner
      : null;
  }

  /** Writers come one after the other here, so that insert and claim have seen all there is. */
  contested(): Promise<readonly LeasedDelivery[]> {
    return Promise.resolve([]);
  }

  requeue(callback: Requeued): Promise<RequeueResult> {
    const { deliveries: _deliveries, ...values } = callback;
    return this.transaction(() => {
      const row = this.requeueCallback.get(values) as { variant: number } | undefined;
      if (!row) return null;
      this.insertDeliveries(callback.deliveries, null);
      return { variant: row.variant === 1 };
    });
  }

  async settle(outcomes: readonly DeliveryOutcome[]): Promise<void> {
    await this.transaction(() => {
      for (const outcome of outcomes) this.settleDelivery.run(outcome);
    });
  }

  claim(found: readonly FoundDelivery[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.transaction(() => {
      const claimed = found.filter(
        (it) => this.claimDelivery.run(withLease(it, lease)).changes === 1,
      );
      for (const { listener, streamKey } of claimed) {
        this.disownLane.run({ listener, streamKey, owner: lease.owner });
      }
      return claimed.map(({ callbackId, listener, fence }) => ({
        callbackId,
        listener,
        fence: fence + 1,
      }));
    });
  }

  renew(leases: readonly DeliveryLease[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.transaction(() =>
      leases.filter((held) => this.renewDelivery.run(withLease(held, lease)).changes === 0),
    );
  }

  async release(leases: readonly ReleasedDelivery[]): Promise<void> {
    await this.transaction(() => {
      for (const { callbackId, listener, fence, isUnused } of leases) {
        this.releaseDelivery.run({ callbackId, listener, fence, unused: isUnused ? 1 : 0 });
      }
    });
  }

  async recordRejections(rows: readonly RejectionRow[]): Promise<void> {
    await this.transaction(() => {
      for (const row of rows) this.upsertRejection.run(row);
    });
  }

  dropBodies(batch: PurgeBatch): Promise<number> {
    return this.purge(batch, this.dropBody, this.clearErrors);
  }

  deleteCallbacks(batch: PurgeBatch): Promise<number> {
    return this.purge(batch, this.deleteCallback, this.deleteDeliveries);
  }

  deleteRejections(ids: readonly string[]): Promise<number> {
    return this.transaction(
      () => ids.filter((id) => this.deleteRejection.run({ id }).changes === 1).length,
    );
  }

  private purge({ ids, before }: PurgeBatch, main: Statement, beside: Statement): Promise<number> {
    return this.transaction(() => {
      const purged = ids.filter((id) => main.run({ id, before }).changes === 1);
      for (const id of purged) beside.run({ id });
      return purged.length;
    });
  }

  async probe(): Promise<void> {
    await this.transaction(() => this.touchCallbacks.run());
  }

  /** There is one connection, to a file. */
  dropIdleConnections(): void {}

  close(): Promise<void> {
    return this.checkpointer.close();
  }

  isRowFault(error: unknown): boolean {
    return /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)/.test(codeOf(error));
  }

  /** Another connection may hold the write lock; the event loop goes on while this one waits. */
  private async transaction<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + STATEMENT_TIMEOUT_MS;
    const run = this.database.transaction(work);
    for (;;) {
      try {
        const result = run.immediate();
        this.checkpointer.afterCommit();
        return result;
      } catch (error) {
        if (!codeOf(error).startsWith('SQLITE_BUSY') || performance.now() > deadline) throw error;
        await sleep(BUSY_PAUSE_MS);
      }
    }
  }
}

function withLease({ callbackId, listener, fence }: DeliveryLease, lease: Lease) {
  return { callbackId, listener, fence, owner: lease.owner, length: lease.milliseconds };
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}
