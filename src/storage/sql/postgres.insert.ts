import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';

import { columnNames } from '../connection/column-names.js';
import { tableName } from '../connection/table-name.js';
import { LiveCallback, LiveCallbackDelivery } from '../entities/index.js';
import { CALLBACK_COLUMNS, COLUMN_LIST } from './callback.columns.js';
import type { BatchEntry, InsertLease, InsertResult } from './callback.writer.js';
import { arrayOf, plainArrayOf } from './postgres.array.js';

/** The statement that stores a batch of callbacks with their deliveries in PostgreSQL. */
export class PostgresInsert {
  private readonly sql: string;

  /** @param now the time of the database as an expression */
  constructor(
    dataSource: DataSource,
    now: string,
    private readonly pool: Pool,
  ) {
    const callback = tableName(dataSource, LiveCallback);
    const delivery = tableName(dataSource, LiveCallbackDelivery);
    const arrays = CALLBACK_COLUMNS.map(
      ({ type }, index) => `$${index + 1}::${type === 'digest' ? 'uuid' : type}[]`,
    ).join(', ');
    const next = CALLBACK_COLUMNS.length + 1;
    this.sql = columnNames(dataSource)(`
      WITH incoming AS (
        SELECT * FROM unnest(${arrays}, $${next}::boolean[]) AS v(${COLUMN_LIST}, conflicting)
      ), stored AS (
        INSERT INTO ${callback} AS c (${COLUMN_LIST}, conflicting)
        SELECT ${CALLBACK_COLUMNS.map(({ name }) => `v.${name}`).join(', ')},
          v.conflicting OR elder.is_there IS NOT NULL
        FROM incoming v
        LEFT JOIN LATERAL (
          SELECT true AS is_there FROM ${callback} o
          WHERE o.identity_digest = v.identity_digest LIMIT 1) elder ON true
        ON CONFLICT (content_digest) DO UPDATE SET
          receipts_count = c.receipts_count + excluded.receipts_count,
          last_received_at = greatest(c.last_received_at, excluded.last_received_at)
        RETURNING c.id, c.content_digest, c.conflicting
      ), placed AS MATERIALIZED (
        SELECT d.*, NOT d.taken OR other.is_there IS NOT NULL AS waits
        FROM unnest($${next + 1}::uuid[], $${next + 2}::text[], $${next + 3}::uuid[],
            $${next + 4}::int[], $${next + 5}::boolean[])
          AS d(callback_id, listener, ordering_key, attempts, taken)
        JOIN stored s ON s.id = d.callback_id
        LEFT JOIN LATERAL (
          SELECT true AS is_there FROM ${delivery} e
          WHERE d.taken AND e.state = 'pending' AND e.listener = d.listener
            AND e.ordering_key = d.ordering_key
            AND e.lease_owner IS DISTINCT FROM $${next + 6}::text
          LIMIT 1) other ON true
      ), deliveries AS (
        INSERT INTO ${delivery}
          (callback_id, listener, registration, ordering_key, state, attempts, lease_owner, lease_until, fence,
            next_attempt_at)
        SELECT callback_id, listener, $${next + 9}::text, ordering_key, 'pending',
          CASE WHEN waits THEN 0 ELSE attempts END,
          CASE WHEN waits THEN NULL ELSE $${next + 6}::text END,
          CASE WHEN waits THEN NULL ELSE ${now} + $${next + 7}::bigint END, 1,
          CASE WHEN waits THEN ${now} + $${next + 8}::bigint END
        FROM placed
      )
      SELECT
        (SELECT string_agg(concat_ws(' ', id, content_digest, conflicting), ',') FROM stored) AS stored,
        (SELECT json_agg(json_build_array(callback_id, listener))
         FROM placed WHERE taken AND waits) AS lost`);
  }

  async run(batch: readonly BatchEntry[], lease: InsertLease): Promise<readonly InsertResult[]> {
    // Nodes that store the same redeliveries take the row locks in the same order.
    const sorted = batch.toSorted((a, b) =>
      a.callback.contentDigest < b.callback.contentDigest ? -1 : 1,
    );
    const deliveries = batch.flatMap(({ callback }) => callback.deliveries);
    // Once and for all: whether there is room may change before the statement has ended.
    const taken = new Set(deliveries.filter((delivery) => lease.takes(delivery)));
    const { rows } = await this.pool.query<StoredBatch>({
      name: 'live_callback_insert',
      text: this.sql,
      values: [
        ...CALLBACK_COLUMNS.map(({ type, read }) =>
          type === 'text' ? arrayOf(sorted, read) : plainArrayOf(sorted, read),
        ),
        plainArrayOf(sorted, ({ conflictsInBatch }) => conflictsInBatch),
        plainArrayOf(deliveries, ({ callbackId }) => callbackId),
        arrayOf(deliveries, ({ listener }) => listener),
        plainArrayOf(deliveries, ({ orderingKey }) => orderingKey),
        plainArrayOf(deliveries, ({ attempts }) => attempts),
        plainArrayOf(deliveries, (delivery) => taken.has(delivery)),
        lease.owner,
        lease.milliseconds,
        lease.graceMs,
        lease.registration,
      ],
    });
    const stored = storedOf(rows[0]);
    return batch.map(({ callback }) => {
      const row = stored.get(callback.contentDigest);
      if (!row) throw new Error('PostgreSQL did not store a callback and did not say why');
      const isNew = row.id === callback.id;
      const leased = isNew
        ? callback.deliveries.filter(
            (delivery) => taken.has(delivery) && !row.lost.includes(delivery.listener),
          )
        : [];
      return { isNew, conflicting: row.conflicting, leased };
    });
  }
}

/** What became of a batch, in one row: a row per callback costs the driver more. */
interface StoredBatch {
  /** Id, content digest and `t` or `f` for a conflicting one, of each callback. */
  readonly stored: string | null;
  /** Callback and listener where the lane has a delivery that this process does not hold. */
  readonly lost: readonly [string, string][] | null;
}

interface StoredCallback {
  readonly id: string;
  readonly conflicting: boolean;
  /** Listeners whose lane has a delivery that this process does not hold. */
  readonly lost: readonly string[];
}

/** By content digest. */
function storedOf(batch: StoredBatch | undefined): Map<string, StoredCallback> {
  const stored = new Map<string, StoredCallback>();
  if (!batch?.stored) return stored;
  const { lost } = batch;
  for (const line of batch.stored.split(',')) {
    const [id = '', contentDigest = '', conflicting] = line.split(' ');
    stored.set(contentDigest, {
      id,
      conflicting: conflicting === 't',
      lost: lost?.filter(([callbackId]) => callbackId === id).map(([, listener]) => listener) ?? [],
    });
  }
  return stored;
}
