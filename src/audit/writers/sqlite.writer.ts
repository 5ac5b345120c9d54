import { setTimeout as sleep } from 'node:timers/promises';

import type { Database, Statement } from 'better-sqlite3';
import type { DataSource } from 'typeorm';

import type { DeliveryOutcome } from '../../bus/index.js';
import { LiveCallback, LiveCallbackDelivery, LiveCallbackRejection } from '../entities/index.js';
import { driverHandle, STATEMENT_TIMEOUT_MS } from '../module-data-source.js';
import { tableName } from '../table-name.js';
import { CALLBACK_COLUMNS, COLUMN_LIST, columnValues } from './callback.columns.js';
import type {
  BatchEntry,
  CallbackWriter,
  InsertResult,
  Lease,
  NewCallback,
  RejectionRow,
  Requeued,
  RequeueResult,
} from './callback.writer.js';

const BUSY_PAUSE_MS = 10;

/** Writes to SQLite in synchronous transactions, so that none is ever open across an await. */
export class SqliteWriter implements CallbackWriter {
  private readonly database: Database;
  private readonly insertCallback: Statement;
  private readonly insertDelivery: Statement;
  private readonly requeueCallback: Statement;
  private readonly settleDelivery: Statement;
  private readonly upsertRejection: Statement;

  constructor(dataSource: DataSource) {
    const callback = tableName(dataSource, LiveCallback);
    const delivery = tableName(dataSource, LiveCallbackDelivery);
    const rejection = tableName(dataSource, LiveCallbackRejection);
    this.database = driverHandle.sqlite(dataSource);
    this.insertCallback = this.database.prepare(
      `INSERT INTO ${callback} (${COLUMN_LIST}, variant)
       VALUES (${CALLBACK_COLUMNS.map(() => '?').join(', ')},
               ? OR EXISTS (SELECT 1 FROM ${callback} WHERE identity_digest = ?))
       ON CONFLICT (content_digest) DO UPDATE SET
         deliveries_count = deliveries_count + excluded.deliveries_count,
         last_received_at = max(last_received_at, excluded.last_received_at)
       RETURNING id, variant`,
    );
    this.insertDelivery = this.database.prepare(
      `INSERT INTO ${delivery}
         (callback_id, listener, stream_key, state, attempts, lease_owner, lease_until, fence)
       VALUES (?, ?, ?, 'pending', 1, ?, ?, 1)
       ON CONFLICT (callback_id, listener) DO NOTHING`,
    );
    this.requeueCallback = this.database.prepare(
      `UPDATE ${callback}
       SET state = 'accepted', kind = @kind, occurred_at = @occurredAt, errors = NULL,
         identity_digest = @identityDigest, remarks = @remarks,
         variant = EXISTS (
           SELECT 1 FROM ${callback} WHERE identity_digest = @identityDigest AND id <> @id)
       WHERE id = @id AND state <> 'accepted'
       RETURNING variant`,
    );
    this.settleDelivery = this.database.prepare(
      `UPDATE ${delivery}
       SET state = @state, last_error = @error, duration_ms = @durationMs,
           finished_at = CASE WHEN @state = 'done' THEN @now END,
           lease_owner = NULL, lease_until = NULL
       WHERE callback_id = @callbackId AND listener = @listener
         AND fence = @fence AND state = 'pending'`,
    );
    this.upsertRejection = this.database.prepare(
      `INSERT INTO ${rejection} (id, reason, count, remote_address, excerpt, first_at, last_at)
       VALUES (@id, @reason, @count, @remoteAddress, @excerpt, @firstAt, @lastAt)
       ON CONFLICT (id) DO UPDATE SET count = excluded.count, last_at = excluded.last_at`,
    );
  }

  insert(batch: readonly BatchEntry[], lease: Lease): Promise<readonly InsertResult[]> {
    return this.transaction(() => batch.map((entry) => this.insertOne(entry, lease)));
  }

  private insertOne(entry: BatchEntry, lease: Lease): InsertResult {
    const { id, identityDigest } = entry.callback;
    const row = this.insertCallback.get(
      ...columnValues(entry),
      entry.variantInBatch ? 1 : 0,
      identityDigest,
    ) as { id: string; variant: number };
    const isNew = row.id === id;
    if (isNew) this.insertDeliveries(entry.callback, lease);
    return { isNew, variant: row.variant === 1 };
  }

  /** @returns the listeners that had no row yet */
  private insertDeliveries(
    { id, listeners, streamKey }: Pick<NewCallback, 'id' | 'listeners' | 'streamKey'>,
    lease: Lease,
  ): string[] {
    const until = Date.now() + lease.milliseconds;
    return listeners.filter(
      (listener) =>
        this.insertDelivery.run(id, listener, streamKey, lease.owner, until).changes === 1,
    );
  }

  requeue(callback: Requeued, lease: Lease): Promise<RequeueResult> {
    const { listeners: _listeners, streamKey: _streamKey, ...values } = callback;
    return this.transaction(() => {
      const row = this.requeueCallback.get(values) as { variant: number } | undefined;
      if (!row) return null;
      return { variant: row.variant === 1, listeners: this.insertDeliveries(callback, lease) };
    });
  }

  async settle(outcomes: readonly DeliveryOutcome[]): Promise<void> {
    await this.transaction(() => {
      for (const outcome of outcomes) this.settleDelivery.run({ ...outcome, now: Date.now() });
    });
  }

  async recordRejections(rows: readonly RejectionRow[]): Promise<void> {
    await this.transaction(() => {
      for (const row of rows) this.upsertRejection.run(row);
    });
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
        return run.immediate();
      } catch (error) {
        if (!codeOf(error).startsWith('SQLITE_BUSY') || performance.now() > deadline) throw error;
        await sleep(BUSY_PAUSE_MS);
      }
    }
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}
