import type { QueryRunner } from 'typeorm';

import { streamPushCallback } from '../../src/testing/index.js';
import type { BenchDatabase } from '../database.js';
import { FILL_DIALECTS, type FillDialect } from './dialects.js';
import { AGE_DAYS, LISTENER, PENDING, STEP_MS, STREAMS_PER_DAY, type Filling } from './filling.js';
import { dropIndexes } from './indexes.js';

const CHUNK = 100_000;
const DAY_MS = 86_400_000;
const FAR_AHEAD_MS = 30 * DAY_MS;

/** Of every twenty callbacks: kind and event_type. */
const KINDS: readonly (readonly [kind: string, eventType: number, share: number])[] = [
  ['stream-push', 1, 6],
  ['stream-interrupt', 0, 6],
  ['screenshot', 200, 5],
  ['record-file', 100, 2],
  ['image-audit', 317, 1],
];
/** As many in a large table as in a small one, so that an index has to find them. */
const QUARANTINED = 100;
/** One delivery of so many is dead: the longer the time, the more. */
const DEAD = 'i % 500 = 13';

/**
 * Fills the tables of the module by bulk statements, as they would be after so many callbacks. The
 * indexes are made afterwards, which takes a fraction of the time.
 *
 * @param onProgress told the number of rows so far
 * @param ageDays of the newest row
 */
export async function fill(
  database: BenchDatabase,
  rows: number,
  onProgress: (rows: number) => void,
  ageDays = AGE_DAYS,
): Promise<Filling> {
  const dialect = FILL_DIALECTS[database.key];
  const filling: Filling = { rows, newestAt: Date.now() - ageDays * DAY_MS };
  const runner = database.dataSource.createQueryRunner();
  try {
    for (const sql of dialect.prepare(database.dataSource)) await runner.query(sql);
    const recreate = await dropIndexes(runner, database.key);
    for (let first = 0; first < rows; first += CHUNK) {
      const last = Math.min(first + CHUNK, rows) - 1;
      await insertChunk(runner, dialect, filling, first, last);
      onProgress(last + 1);
    }
    for (const sql of recreate) await runner.query(sql);
    for (const sql of dialect.finish) await runner.query(sql);
  } finally {
    await runner.release();
  }
  return filling;
}

async function insertChunk(
  runner: QueryRunner,
  dialect: FillDialect,
  filling: Filling,
  first: number,
  last: number,
): Promise<void> {
  const numbers = dialect.numbers(first, last);
  const insert = (table: string, columns: Record<string, string>, where: string) =>
    runner.query(
      `INSERT INTO ${table} (${Object.keys(columns).join(', ')})
       SELECT ${Object.values(columns).join(', ')} FROM ${numbers} WHERE ${where}`,
    );
  await insert('live_callback', callbackColumns(dialect, filling), '1 = 1');
  await insert(
    'live_callback_delivery',
    deliveryColumns(dialect, filling),
    `NOT (${isQuarantined(filling)})`,
  );
}

function callbackColumns(dialect: FillDialect, filling: Filling): Record<string, string> {
  const { join, digest } = dialect;
  const receivedAt = receivedAtOf(filling);
  const stream = streamOf(dialect);
  return {
    id: idOf(dialect, filling),
    registration: "'default'",
    kind: byKind((kind) => `'${kind}'`),
    event_type: byKind((_kind, eventType) => String(eventType)),
    state: `CASE WHEN ${isQuarantined(filling)} THEN 'quarantined' ELSE 'accepted' END`,
    app_id: "'12345678'",
    domain: "'push.example.com'",
    path: "'live'",
    stream_name: stream,
    sequence: join("'7'", dialect.hex('i', 15)),
    occurred_at: `${receivedAt} - 1000`,
    received_at: receivedAt,
    last_received_at: receivedAt,
    receipts_count: '1',
    conflicting: dialect.no,
    content_digest: digest(dialect.seconds(receivedAt), join("'content '", dialect.hex('i', 15))),
    identity_digest: digest(streamNumberOf(dialect), join("'identity '", dialect.hex('i', 15))),
    errors: `CASE WHEN ${isQuarantined(filling)} THEN '["sequence must be a string"]' END`,
    remote_address: "'192.0.2.30'",
    body: bodyOf(dialect, stream),
    body_encoding: "'utf8'",
  };
}

function deliveryColumns(dialect: FillDialect, filling: Filling): Record<string, string> {
  const isPending = `i >= ${filling.rows - PENDING}`;
  const unlessPending = (value: string) => `CASE WHEN ${isPending} THEN NULL ELSE ${value} END`;
  const failed = `(${isPending} OR ${DEAD})`;
  return {
    callback_id: idOf(dialect, filling),
    listener: `'${LISTENER}'`,
    registration: "'default'",
    ordering_key: dialect.digest(streamNumberOf(dialect), streamOf(dialect)),
    state: `CASE WHEN ${isPending} THEN 'pending' WHEN ${DEAD} THEN 'dead' ELSE 'done' END`,
    attempts: `CASE WHEN ${isPending} THEN 1 WHEN ${DEAD} THEN 5 ELSE 1 END`,
    fence: '1',
    next_attempt_at: `CASE WHEN ${isPending} THEN ${Date.now() + FAR_AHEAD_MS} END`,
    last_error: `CASE WHEN ${failed} THEN 'Error: the service behind it is down' END`,
    duration_ms: '3',
    finished_at: unlessPending(`${receivedAtOf(filling)} + 5`),
    attempts_before: '0',
  };
}

function isQuarantined({ rows }: Filling): string {
  return `i % ${Math.max(1, Math.floor(rows / QUARANTINED))} = 7`;
}

function receivedAtOf({ rows, newestAt }: Filling): string {
  return `(${newestAt} - (${rows - 1} - i) * ${STEP_MS})`;
}

/** A version 7 UUID: the time of receipt, and then the number of the row. */
function idOf({ hex, join, id }: FillDialect, filling: Filling): string {
  const time = hex(receivedAtOf(filling), 12);
  const row = hex('i', 12);
  const parts = [`substr(${time}, 1, 8)`, "'-'", `substr(${time}, 9, 4)`, "'-7000-8000-'", row];
  return id(join(...parts));
}

function streamOf({ join, day, text }: FillDialect): string {
  return join("'room-'", text(day), "'-'", text(`i % ${STREAMS_PER_DAY}`));
}

/** Spreads streams as a hash of their names does. */
function streamNumberOf({ day }: FillDialect): string {
  return `((${day} * ${STREAMS_PER_DAY} + i % ${STREAMS_PER_DAY}) * 2654435761) % 4294967296`;
}

function byKind(valueOf: (kind: string, eventType: number) => string): string {
  let below = 0;
  const cases = KINDS.map(([kind, eventType, share]) => {
    below += share;
    return `WHEN i % 20 < ${below} THEN ${valueOf(kind, eventType)}`;
  });
  return `CASE ${cases.join(' ')} END`;
}

/** As large as the body of a push, with the stream in it. */
function bodyOf({ join, hex }: FillDialect, stream: string): string {
  const text = JSON.stringify(
    streamPushCallback({
      stream_id: '#stream#',
      sequence: '#sequence#',
      t: 0,
      sign: '0'.repeat(32),
    }),
  );
  const parts = text.split(/(#stream#|#sequence#)/).map((part) => {
    if (part === '#stream#') return stream;
    return part === '#sequence#' ? hex('i', 16) : `'${part}'`;
  });
  return join(...parts);
}
