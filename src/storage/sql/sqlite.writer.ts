import type { Database, Statement } from 'better-sqlite3';
import type { DataSource, DataSourceOptions } from 'typeorm';

import type { CountedLease, DeliveryLease, DeliveryOutcome } from '../delivery.lease.js';
import { toBytes } from '../entities/columns.js';
import { LiveCallback, LiveCallbackDelivery } from '../entities/index.js';
import { retryOnContention } from '../connection/contention.js';
import { columnNames } from '../connection/column-names.js';
import { driverHandle } from '../connection/drivers/driver-handle.js';
import { SqliteCheckpointer } from '../connection/drivers/sqlite.checkpointer.js';
import { tableName } from '../connection/table-name.js';
import { CALLBACK_COLUMNS, COLUMN_LIST, columnValues } from './callback.columns.js';
import type {
  BatchEntry,
  CallbackWriter,
  FoundDelivery,
  InsertLease,
  InsertResult,
  Lease,
  KeyedDelivery,
  NewDelivery,
} from './callback.writer.js';

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
  private readonly settleDelivery: Statement;
  private readonly claimDelivery: Statement;
  private readonly disownLane: Statement;
  private readonly renewDelivery: Statement;
  private readonly releaseDelivery: Statement;

  /** @param now the time of the database as an expression */
  constructor(dataSource: DataSource, now: string) {
    const callback = tableName(dataSource, LiveCallback);
    const delivery = tableName(dataSource, LiveCallbackDelivery);
    this.database = driverHandle.sqlite(dataSource);
    this.checkpointer = new SqliteCheckpointer(this.database, dataSource.options as SqliteOptions);
    const named = columnNames(dataSource);
    const prepare = (sql: string) => this.database.prepare(named(sql));
    const held = `callback_id = @callbackId AND listener = @listener AND fence = @fence
        AND state = 'pending'`;
    // An upsert with RETURNING would be one statement, but SQLite builds a table for what it returns.
    this.findIdentity = prepare(`SELECT 1 FROM ${callback} WHERE identity_digest = ?`);
    this.insertCallback = prepare(`INSERT INTO ${callback} (${COLUMN_LIST}, conflicting)
      VALUES (${CALLBACK_COLUMNS.map(() => '?').join(', ')}, ?)
      ON CONFLICT (content_digest) DO NOTHING`);
    this.countCopies = prepare(`UPDATE ${callback}
      SET receipts_count = receipts_count + @copies,
        last_received_at = max(last_received_at, @receivedAt)
      WHERE content_digest = @contentDigest
      RETURNING conflicting AS "conflicting"`);
    this.findForeign = prepare(`SELECT 1 FROM ${delivery}
      WHERE state = 'pending' AND listener = ? AND ordering_key = ? AND lease_owner IS NOT ?`);
    this.insertDelivery = prepare(`INSERT INTO ${delivery}
        (callback_id, listener, registration, ordering_key, state, attempts, lease_owner, lease_until, fence,
          next_attempt_at)
      VALUES (@callbackId, @listener, @registration, @orderingKey, 'pending', @attempts, @owner,
        iif(@owner IS NULL, NULL, ${now} + @length), 1, iif(@owner IS NULL, ${now} + @grace, NULL))
      ON CONFLICT (callback_id, listener) DO NOTHING`);
    this.settleDelivery = prepare(`UPDATE ${delivery}
      SET state = @state, last_error = @error, duration_ms = @durationMs,
        finished_at = iif(@state = 'pending', NULL, ${now}),
        next_attempt_at = iif(@state = 'pending', ${now} + @retryInMs, NULL),
        lease_owner = iif(@state = 'pending', lease_owner, NULL),
        lease_until = iif(@state = 'pending', lease_until, NULL)
      WHERE ${held}`);
    this.claimDelivery = prepare(`UPDATE ${delivery}
      SET lease_owner = @owner, lease_until = ${now} + @length, fence = fence + 1,
        attempts = attempts + @counted, next_attempt_at = iif(@counted, NULL, next_attempt_at)
      WHERE ${held}
        AND (lease_until IS NULL OR lease_until < ${now})
        AND NOT EXISTS (
          SELECT 1 FROM ${delivery} e
          WHERE e.state = 'pending' AND e.listener = ${delivery}.listener
            AND e.ordering_key = ${delivery}.ordering_key AND e.lease_owner IS NOT @owner
            AND (e.lease_until >= ${now} OR e.callback_id < ${delivery}.callback_id))`);
    this.disownLane = prepare(`UPDATE ${delivery}
      SET lease_owner = NULL, lease_until = NULL, fence = fence + 1
      WHERE state = 'pending' AND listener = @listener AND ordering_key = @orderingKey
        AND lease_owner <> @owner AND lease_until < ${now}`);
    this.renewDelivery = prepare(`UPDATE ${delivery}
      SET lease_until = ${now} + @length, lease_owner = @owner
      WHERE ${held}`);
    this.releaseDelivery = prepare(`UPDATE ${delivery}
      SET lease_owner = NULL, lease_until = NULL, attempts = attempts - @counted
      WHERE ${held}`);
  }

  insert(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]> {
    return this.transaction(() => batch.map((entry) => this.insertOne(entry, lease)));
  }

  private insertOne(entry: BatchEntry, lease: InsertLease): InsertResult {
    const { identityDigest, contentDigest, receivedAt, deliveries } = entry.callback;
    const conflicting =
      entry.conflictsInBatch || this.findIdentity.get(toBytes(identityDigest)) !== undefined;
    const { changes } = this.insertCallback.run(...columnValues(entry), conflicting ? 1 : 0);
    if (changes === 1) {
      return { isNew: true, conflicting, leased: this.insertDeliveries(deliveries, lease) };
    }
    const copies = { copies: entry.copies, receivedAt, contentDigest: toBytes(contentDigest) };
    const row = this.countCopies.get(copies) as { conflicting: number };
    return { isNew: false, conflicting: row.conflicting === 1, leased: [] };
  }

  /** @returns those whose new row is leased */
  private insertDeliveries(
    deliveries: readonly NewDelivery[],
    lease: InsertLease,
  ): readonly NewDelivery[] {
    const { registration, milliseconds: length, graceMs: grace } = lease;
    return deliveries.filter((delivery) => {
      const { callbackId, listener, orderingKey } = delivery;
      const owner = this.ownerOf(delivery, lease);
      const attempts = owner === null ? 0 : delivery.attempts;
      const values = {
        callbackId,
        listener,
        registration,
        orderingKey: toBytes(orderingKey),
        attempts,
        owner,
        length,
        grace,
      };
      return this.insertDelivery.run(values).changes === 1 && owner !== null;
    });
  }

  /** Nobody, where deliveries of the same lane wait that others hold or nobody does. */
  private ownerOf(delivery: NewDelivery, lease: InsertLease): string | null {
    if (!lease.takes(delivery)) return null;
    const { listener, orderingKey } = delivery;
    return this.findForeign.get(listener, toBytes(orderingKey), lease.owner) === undefined
      ? lease.owner
      : null;
  }

  /** Writers come one after the other here, so that insert and claim have seen all there is. */
  contested(): Promise<readonly KeyedDelivery[]> {
    return Promise.resolve([]);
  }

  async settle(outcomes: readonly DeliveryOutcome[]): Promise<void> {
    await this.transaction(() => {
      for (const outcome of outcomes) this.settleDelivery.run(outcome);
    });
  }

  claim(found: readonly FoundDelivery[], lease: Lease): Promise<readonly DeliveryLease[]> {
    return this.transaction(() => {
      const claimed = found.filter((it) => {
        const counted = Number(it.isCounted);
        return this.claimDelivery.run({ ...withLease(it, lease), counted }).changes === 1;
      });
      for (const { listener, orderingKey } of claimed) {
        this.disownLane.run({
          listener,
          orderingKey: toBytes(orderingKey),
          owner: lease.owner,
        });
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

  async release(leases: readonly CountedLease[]): Promise<void> {
    await this.transaction(() => {
      for (const { callbackId, listener, fence, isCounted } of leases) {
        this.releaseDelivery.run({ callbackId, listener, fence, counted: Number(isCounted) });
      }
    });
  }

  /** There is one connection, to a file. */
  dropIdleConnections(): void {}

  close(): Promise<void> {
    return this.checkpointer.close();
  }

  isRowFault(error: unknown): boolean {
    return /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)/.test(codeOf(error));
  }

  private transaction<T>(work: () => T): Promise<T> {
    const run = this.database.transaction(work);
    return retryOnContention(() => {
      const result = run.immediate();
      this.checkpointer.afterCommit();
      return result;
    });
  }
}

function withLease({ callbackId, listener, fence }: DeliveryLease, lease: Lease) {
  return { callbackId, listener, fence, owner: lease.owner, length: lease.milliseconds };
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}
