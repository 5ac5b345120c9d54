/**
 * Questions of people beside the callbacks: whatever is asked of a large table, callbacks are stored as if
 * nobody asked.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { DATABASES, type DatabaseCase } from '../support/databases.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';

const TOKEN = 'TokenOfTheAuditApi';
const ROWS = 400_000;
const YEARS = 15;
/** How long the questions and the callbacks come, ms. */
const DURATION_MS = 6_000;

const QUESTIONS = [
  `stats?bucket=day&from=${new Date(Date.now() - YEARS * 365 * 86_400_000).toISOString()}`,
  'callbacks?domain=nobody.example.com',
  'callbacks?path=nowhere&limit=500',
  'callbacks?delivery=done&kind=stream-push&path=nowhere',
];

/** One callback, so many times, spread over the years. */
const COPIES: Record<DatabaseCase['name'], (columns: string[]) => string> = {
  SQLite: (columns) => `INSERT INTO live_callback SELECT ${columns.join(', ')} FROM live_callback,
    (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS}) SELECT i FROM n)`,
  PostgreSQL: (columns) =>
    `INSERT INTO live_callback SELECT ${columns.join(', ')} FROM live_callback, generate_series(1::bigint, ${ROWS}) n(i)`,
  MariaDB: (columns) =>
    `INSERT INTO live_callback SELECT ${columns.join(', ')} FROM live_callback, (SELECT seq AS i FROM seq_1_to_${ROWS}) n`,
};
const AGE = `(i * ${Math.floor((YEARS * 365 * 86_400_000) / ROWS)})`;
const ID: Record<DatabaseCase['name'], string> = {
  SQLite: `printf('%08x-%04x-7000-8000-%012x', (received_at - ${AGE}) / 65536, (received_at - ${AGE}) % 65536, i)`,
  PostgreSQL: `(lpad(to_hex((received_at - ${AGE}) / 65536), 8, '0') || '-' || lpad(to_hex((received_at - ${AGE}) % 65536), 4, '0') || '-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid`,
  MariaDB: `concat(lpad(lower(hex((received_at - ${AGE}) DIV 65536)), 8, '0'), '-', lpad(lower(hex((received_at - ${AGE}) % 65536)), 4, '0'), '-7000-8000-', lpad(lower(hex(i)), 12, '0'))`,
};
const DIGEST: Record<DatabaseCase['name'], string> = {
  SQLite: "CAST(printf('%016x', i) AS blob)",
  PostgreSQL: "lpad(to_hex(i), 32, '0')::uuid",
  MariaDB: "unhex(lpad(hex(i), 32, '0'))",
};

async function fill({ name }: DatabaseCase, options: Parameters<typeof scratchConnection>[0]) {
  const tables = await scratchConnection(options);
  const described = await tables.query<Record<string, unknown>[]>('SELECT * FROM live_callback');
  const columns = Object.keys(described[0]!).map((column) => {
    if (column === 'id') return ID[name];
    if (column.endsWith('_digest')) return DIGEST[name];
    return column === 'received_at' ? `received_at - ${AGE}` : column;
  });
  await tables.query(COPIES[name](columns));
  if (name !== 'SQLite')
    await tables.query(name === 'MariaDB' ? 'ANALYZE TABLE live_callback' : 'ANALYZE');
}

async function question(host: Host, path: string): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(`${host.url}/live-callback/audit/${path}`, { headers });
  await answer.text();
  return answer.status;
}

/** Statuses and the longest answer, ms. */
async function sendCallbacks(host: Host, milliseconds: number) {
  const statuses = new Map<number, number>();
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  const sending: Promise<void>[] = [];
  for (let count = 0; performance.now() < end; count++) {
    const startedAt = performance.now();
    const callback = signCallback(streamPushCallback({ sequence: String(count) }), { key: KEY });
    const send = async () => {
      const { status } = await host.send(callback);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      times.push(performance.now() - startedAt);
    };
    sending.push(send());
    await sleep(50);
  }
  await Promise.all(sending);
  const sorted = times.toSorted((a, b) => a - b);
  return {
    statuses: [...statuses.keys()],
    p90: sorted[Math.floor(sorted.length * 0.9)]!,
    max: sorted.at(-1)!,
  };
}

// Callbacks are timed, so that nothing else may run beside it: TIMED=1, as in .ci/full.
describe.skipIf(!process.env['TIMED']).each(DATABASES)(
  'questions to a large table on $name',
  (database) => {
    it.skipIf(database.isAbsent)(
      'keep no callback waiting, and are answered or told to come again',
      { timeout: 180_000 },
      async () => {
        const options = await scratchDatabase(database.create);
        const host = await scratchHost({ database: options, options: { audit: { token: TOKEN } } });
        const first = signCallback(streamPushCallback({ sequence: 'first' }), { key: KEY });
        expect((await host.send(first)).status).toBe(200);
        await fill(database, options);
        const alone = await sendCallbacks(host, 1_000);
        expect(alone.statuses).toEqual([200]);

        const over = new AbortController();
        const asked: number[] = [];
        const asking = Array.from({ length: 12 }, async (_none, at) => {
          for (let count = at; !over.signal.aborted; count++) {
            asked.push(await question(host, QUESTIONS[count % QUESTIONS.length]!));
          }
        });
        const { statuses, max } = await sendCallbacks(host, DURATION_MS);
        over.abort();
        await Promise.all(asking);

        expect(statuses).toEqual([200]);
        expect(max).toBeLessThan(2_000);
        expect(asked.length).toBeGreaterThan(0);
        expect(asked.filter((status) => status !== 200 && status !== 503)).toEqual([]);
      },
    );
  },
);
