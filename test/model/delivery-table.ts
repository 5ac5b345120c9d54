import type { Statement } from 'better-sqlite3';
import { DataSource } from 'typeorm';

import type { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { NOW_MS } from '../../src/storage/connection/dialect.js';
import { fromBytes } from '../../src/storage/entities/columns.js';
import { driverHandle } from '../../src/storage/connection/drivers/driver-handle.js';
import type { CallbackWriter } from '../../src/storage/sql/callback.writer.js';
import { SqliteWriter } from '../../src/storage/sql/sqlite.writer.js';
import { LIVE_CALLBACK_ENTITIES, LIVE_CALLBACK_MIGRATIONS } from '../../src/index.js';
import type { Row, StoredBody } from './delivery-rows.js';

const EPOCH = 1_800_000_000_000;

/** The module's tables in a SQLite database whose clock is driven by hand. */
export class DeliveryTable {
  /** Time that has passed, as every monotonic clock shows it, ms. */
  elapsed = 0;
  /** How far the database's clock was set forward, ms. */
  setForward = 0;
  private readonly selectRows: Statement;
  private readonly selectBodies: Statement;
  private readonly replayRows: Statement;

  private constructor(
    readonly dataSource: DataSource,
    readonly writer: CallbackWriter,
  ) {
    const database = driverHandle.sqlite(dataSource);
    this.selectRows = database.prepare(
      `SELECT callback_id, listener, ordering_key, state, attempts, attempts_before, lease_owner,
         lease_until, fence, next_attempt_at, replayed_at FROM live_callback_delivery`,
    );
    this.replayRows = database.prepare(
      `UPDATE live_callback_delivery SET state = 'pending', fence = fence + 1,
         attempts_before = attempts, replayed_at = ?, next_attempt_at = NULL, finished_at = NULL
       WHERE callback_id = ? AND state IN ('done', 'dead')`,
    );
    this.selectBodies = database.prepare(
      'SELECT id, content_digest, received_at, body, receipts_count FROM live_callback',
    );
  }

  static async open(): Promise<DeliveryTable> {
    const dataSource = await new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [...LIVE_CALLBACK_ENTITIES],
      migrations: [...LIVE_CALLBACK_MIGRATIONS],
      migrationsRun: true,
    }).initialize();
    let table: DeliveryTable | undefined;
    // Before any statement that uses it is prepared.
    driverHandle
      .sqlite(dataSource)
      .function('unixepoch', { varargs: true }, () => (table?.now ?? EPOCH) / 1000);
    table = new DeliveryTable(dataSource, new SqliteWriter(dataSource, NOW_MS.sqlite));
    return table;
  }

  /** The database's time. */
  get now(): number {
    return EPOCH + this.elapsed + this.setForward;
  }

  clear(): void {
    this.elapsed = 0;
    this.setForward = 0;
    driverHandle
      .sqlite(this.dataSource)
      .exec('DELETE FROM live_callback; DELETE FROM live_callback_delivery');
  }

  rows(): Row[] {
    const rows = this.selectRows.all() as (Row & { ordering_key: Buffer })[];
    return rows.map((row) => ({ ...row, ordering_key: fromBytes(row.ordering_key) }));
  }

  bodies(): StoredBody[] {
    const rows = this.selectBodies.all() as (StoredBody & { content_digest: Buffer })[];
    return rows.map((row) => ({ ...row, content_digest: fromBytes(row.content_digest) }));
  }

  /** As {@link CallbackReplayer} does it; its statements are tested with every database elsewhere. */
  replay(callbackId: string): void {
    this.replayRows.run(this.now, callbackId);
  }

  /**
   * The database as one process sees it, whose answers can get lost after the commit.
   *
   * @param beforeClaim what others do between the search for what is due and the claim
   */
  connect(isLost: () => boolean, beforeClaim: () => Promise<void>): CallbackDatabase {
    const { writer } = this;
    const losing =
      <A extends unknown[], R>(statement: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        const result = await statement(...args);
        if (isLost()) throw new Error('The connection ended');
        return result;
      };
    const connected: Pick<CallbackWriter, 'insert' | 'claim'> = {
      insert: losing((...args) => writer.insert(...args)),
      claim: losing(async (...args) => {
        await beforeClaim();
        return writer.claim(...args);
      }),
    };
    return {
      manager: this.dataSource.manager,
      writer: Object.assign(Object.create(writer) as CallbackWriter, connected),
      isOpen: true,
      now: NOW_MS.sqlite,
      dropIdleConnections: () => {},
      close: async () => {},
    } as unknown as CallbackDatabase;
  }

  close(): Promise<void> {
    return this.dataSource.destroy();
  }
}
