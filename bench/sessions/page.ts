import { ChildHandle } from '../child.handle.js';
import { BenchDatabase } from '../database.js';
import { median } from '../statistics.js';

/** How long a page takes. */
export interface PageTime {
  readonly sessions: number;
  readonly live: number;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

const TRIES = 30;

/** Measures the first page of 100 of `live()` on PostgreSQL. @param program of the server */
export async function measurePage(
  program: string,
  sessions: number,
  live: number,
): Promise<PageTime> {
  const database = await BenchDatabase.create('postgres');
  const server = await ChildHandle.start(program, {
    adapter: 'fastify',
    database: database.options,
    key: 'KeyOfTheBenchmark2026',
    listeners: 0,
    sleepMs: 0,
    sessions: true,
  });
  try {
    await fillSessions(database, sessions, live);
    const times: number[] = [];
    for (let n = 0; n < TRIES; n++) {
      const { ms, rows } = await server.ask<{ ms: number; rows: number }>('livePage');
      times.push(ms);
      if (rows !== 100) throw new Error('the page is not full');
    }
    return {
      sessions,
      live,
      medianMs: median(times),
      minMs: Math.min(...times),
      maxMs: Math.max(...times),
    };
  } finally {
    await server.stop();
    await database.drop();
  }
}

/** Fills the table of sessions; of all of them so many are live. */
export async function fillSessions(
  database: BenchDatabase,
  sessions: number,
  live: number,
): Promise<void> {
  await database.dataSource.query(
    `INSERT INTO live_session
      (id, registration, stream_key, domain, path, stream_name, state, started_at, started_by,
        interrupted_at, ended_by, until_at, last_confirmed_at, pushes_count, open_count, uptime_ms, live_since,
        gap_ms, reconnects, peak_concurrent_pushes)
     SELECT gen_random_uuid(), 'default', gen_random_uuid(), 'push.example.com', 'live', 'room-' || n,
        CASE WHEN n % ($1::int / $2::int) = 0 THEN 'live' ELSE 'ended' END,
        1764000000000 + n::bigint * 1000, 'callback',
        CASE WHEN n % ($1::int / $2::int) = 0 THEN NULL ELSE 1764000060000 + n::bigint * 1000 END,
        'callback',
        CASE WHEN n % ($1::int / $2::int) = 0 THEN 8640000000000000 ELSE 1764000120000 + n::bigint * 1000 END,
        1764000060000 + n::bigint * 1000, 1, 1, 60000, NULL, 0, 0, 1
     FROM generate_series(1, $1::int) AS n`,
    [sessions, live],
  );
  await database.dataSource.query('ANALYZE live_session');
}
