/**
 * Shows what the hot statements alone cost a database, without server and HTTP:
 *
 *     npm run bench:statements -- --db postgres --sizes 10000,1000000 --listeners 1
 *
 * Stores callbacks in batches of one size, asks who else is in their ordering keys, and records the
 * outcomes. Tells the processor time of the connections (on SQLite that of this process), the bytes of
 * WAL of PostgreSQL with all its other clients, and what a row takes on the disk. Writes
 * `results/statements.md` and `.json`.
 */
import 'reflect-metadata';

import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { DataSource, type DataSourceOptions } from 'typeorm';

import { IdSource } from '../src/common/id.source.js';
import { TimeScale } from '../src/common/time-scale.js';
import { EventCatalog } from '../src/events/event-catalog.js';
import { EVENT_DEFINITIONS } from '../src/events/event-definitions.js';
import { EventInterpreter } from '../src/events/event-interpreter.js';
import type { JsonObject } from '../src/events/payload/payload.js';
import { LIVE_CALLBACK_ENTITIES } from '../src/index.js';
import { CallbackDatabase } from '../src/storage/connection/callback.database.js';
import { deliveriesOf } from '../src/storage/new-deliveries.js';
import type { BatchEntry } from '../src/storage/sql/callback.writer.js';
import { streamPushCallback } from '../src/testing/index.js';
import { positive } from './arguments.js';
import type { DatabaseKey } from './contenders.js';
import { BenchDatabase } from './database.js';
import { fill } from './growth/fill.js';
import { machine, machineLine } from './machine.js';
import { progress, RESULTS, writeReport } from './report.js';
import { table } from './table.js';

const { values } = parseArgs({
  options: {
    db: { type: 'string', default: 'postgres,mariadb,sqlite' },
    sizes: { type: 'string', default: '10000,1000000' },
    listeners: { type: 'string', default: '1' },
    batch: { type: 'string', default: '32' },
    callbacks: { type: 'string', default: '20000' },
    out: { type: 'string', default: RESULTS },
  },
});
const batchSize = positive('batch', values.batch);
const callbacks = positive('callbacks', values.callbacks);
const listeners = Array.from({ length: Number(values.listeners) }, (_one, n) => ({
  id: `Listener.on${n + 1}`,
  options: { order: 'stream' as const, attempts: 5 },
}));

const STREAMS = 1_000;
const REGISTRATION = 'default';
const SIZES: Partial<Record<DatabaseKey, string>> = {
  postgres: `SELECT sum(pg_relation_size(oid)) AS tables, sum(pg_indexes_size(oid)) AS indexes
    FROM pg_class WHERE relname IN ('live_callback', 'live_callback_delivery')`,
  mariadb: `SELECT sum(data_length) AS tables, sum(index_length) AS indexes
    FROM information_schema.tables WHERE table_schema = database() AND table_name LIKE 'live%'`,
};

const interpreter = new EventInterpreter(new EventCatalog(EVENT_DEFINITIONS));
const ids = new IdSource();
let counter = 0;

function entry(): BatchEntry {
  const n = counter++;
  const receivedAt = Date.now();
  const payload = {
    ...streamPushCallback({
      stream_id: `stream-${(n * 7919) % STREAMS}`,
      sequence: String(6_900_000_000_000_000_000n + BigInt(n)),
      event_time: Math.floor(receivedAt / 1000),
    }),
  } as unknown as JsonObject;
  const { kind, state, eventType, stream, sequence, occurredAt, contentDigest, identityDigest } =
    interpreter.interpret(payload);
  const id = ids.next(receivedAt);
  const callback = {
    id,
    registration: REGISTRATION,
    kind,
    eventType,
    state,
    sequence,
    receivedAt,
    appId: stream.appId,
    domain: stream.domain,
    path: stream.path,
    streamName: stream.name,
    occurredAt: occurredAt?.getTime() ?? null,
    contentDigest,
    identityDigest,
    warnings: null,
    errors: null,
    remoteAddress: '192.0.2.30',
    origin: 'callback' as const,
    routeKind: null,
    body: JSON.stringify(payload),
    bodyEncoding: 'utf8' as const,
    deliveries: deliveriesOf(id, REGISTRATION, stream, listeners),
  };
  return { callback, copies: 1, conflictsInBatch: false };
}

async function storeBatch({ writer }: CallbackDatabase): Promise<void> {
  const batch = Array.from({ length: batchSize }, entry);
  const results = await writer.insert(batch, {
    owner: 'bench',
    registration: REGISTRATION,
    milliseconds: 60_000,
    takes: () => true,
    graceMs: null,
  });
  if (results.some(({ isNew }) => !isNew)) throw new Error('A callback was taken for another.');
  const leased = results.flatMap((result) => result.leased);
  if (leased.length !== batchSize * listeners.length) throw new Error('A lease is missing.');
  if (leased.length === 0) return;
  await writer.contested(leased, 'bench');
  await writer.settle(
    leased.map(({ callbackId, listener }) => ({
      callbackId,
      listener,
      fence: 1,
      state: 'done' as const,
      error: null,
      durationMs: 1,
      retryInMs: 0,
    })),
  );
}

async function walOf({ key, dataSource }: BenchDatabase): Promise<number | null> {
  if (key !== 'postgres') return null;
  const [row] = await dataSource.query<{ bytes: string }[]>(
    `SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes`,
  );
  return Number(row?.bytes);
}

/** Bytes of a row with its deliveries: of the tables, and of their indexes. */
async function sizesOf(database: BenchDatabase, rows: number) {
  const sql = SIZES[database.key];
  if (!sql) {
    const { size } = statSync((database.options as { database: string }).database);
    return { tables: size / rows, indexes: null };
  }
  const [row] = await database.dataSource.query<{ tables: string; indexes: string }[]>(sql);
  return { tables: Number(row?.tables) / rows, indexes: Number(row?.indexes) / rows };
}

async function measure(key: DatabaseKey, rows: number) {
  const bench = await BenchDatabase.create(key);
  const host = await new DataSource({
    ...(bench.options as DataSourceOptions),
    entities: [...LIVE_CALLBACK_ENTITIES],
  }).initialize();
  const options = {
    runMigrations: true,
    isOwn: false,
    bodyLimit: 1_048_576,
    prove: async () => [],
  };
  const database = new CallbackDatabase(host, options, new TimeScale());
  try {
    await database.open();
    await fill(bench, rows, () => {});
    const sizes = await sizesOf(bench, rows);
    for (let n = 0; n < 100; n++) await storeBatch(database);
    if (key === 'postgres') await bench.dataSource.query('CHECKPOINT');
    const was = await bench.connectionSeconds();
    const wal = await walOf(bench);
    const own = process.cpuUsage();
    const batches = Math.ceil(callbacks / batchSize);
    for (let n = 0; n < batches; n++) await storeBatch(database);
    const { user, system } = process.cpuUsage(own);
    const is = await bench.connectionSeconds();
    const spent = [...is].reduce((sum, [task, cpu]) => sum + cpu - (was.get(task) ?? 0), 0);
    const each = (total: number) => total / (batches * batchSize);
    const figures = {
      cpuMicros: each(key === 'sqlite' ? user + system : spent * 1e6),
      walBytes: wal === null ? null : each(Number(await walOf(bench)) - wal),
      ...sizes,
    };
    progress(`${key}, ${rows} rows: ${JSON.stringify(figures)}`);
    return { key, rows, ...figures };
  } finally {
    await database.close();
    await host.destroy();
    await bench.drop();
  }
}

const figures = [];
for (const key of values.db.split(',')) {
  for (const size of values.sizes.split(',')) {
    figures.push(await measure(key as DatabaseKey, positive('sizes', size)));
  }
}
const text = [
  '# The statements alone',
  `${machineLine(machine())}. Batches of ${batchSize}, ${listeners.length} listeners, per callback.`,
  table(
    ['Database', 'rows:', 'CPU, µs:', 'WAL, bytes:', 'table, bytes:', 'indexes, bytes:'],
    figures.map((it) => [it.key, it.rows, it.cpuMicros, it.walBytes, it.tables, it.indexes]),
  ),
].join('\n\n');
writeReport(values.out, 'statements', text, { figures });
