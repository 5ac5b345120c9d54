/** What SQLite reads for the statements of an application: none of its growing tables from end to end. */

import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished, vi } from 'vitest';

import { NonRetryableError, OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { fileOf, scratchDatabase, scratchHost } from '../support/scratch.js';

/** Tables that stay small. */
const SMALL = /live_(?:callback_migration|listener|alert|reconciliation)/;
/** Indexes that hold what is not done yet, and nothing else. */
const OPEN = /USING (?:COVERING )?INDEX ix_live_callback_(?:delivery_lane|delivery_open|state)\b/;

/** Nothing for each parameter: a plan does not ask what they are. */
function boundTo(sql: string): unknown[] {
  const names = [...sql.matchAll(/[:@$]([a-z_]\w*)/gi)].map(([, name]) => [name, null]);
  const nulls = Array.from({ length: sql.split('?').length - 1 }, () => null);
  return names.length > 0 ? [...nulls, Object.fromEntries(names)] : nulls;
}

/** The parts of a plan that read a growing table from end to end. */
function longReads(database: Sqlite.Database, sql: string): string[] {
  const tables = [...sql.matchAll(/\b(live_\w+)"?(?: (?:AS )?"?(\w+)"?)?/g)];
  const growing = tables
    .filter(([, table]) => !SMALL.test(table!))
    .flatMap(([, ...names]) => names.filter((name) => name !== undefined));
  const plan = database.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
  return plan.all(...boundTo(sql)).flatMap(({ detail }) => {
    const [, scanned = ''] = /^SCAN (\w+)/.exec(detail) ?? [];
    return growing.includes(scanned) && !OPEN.test(detail) ? [detail] : [];
  });
}

it('no statement of an application reads all callbacks, deliveries or sessions there are', async () => {
  class Listeners {
    @OnLiveEvent('stream-push', { id: 'done' })
    onPush(): void {}

    @OnLiveEvent('stream-push', { id: 'retried', backoffMs: 1 })
    onRetried({ attempt }: LiveEvent): void {
      if (attempt === 1) throw new Error('later');
    }

    @OnLiveEvent('stream-push', { id: 'dead' })
    onDead(): void {
      throw new NonRetryableError('never');
    }
  }
  const spy = vi.spyOn(Sqlite.prototype, 'prepare');
  onTestFinished(() => spy.mockRestore());

  const database = await scratchDatabase();
  const module = { providers: [Listeners] };
  // Every statement of the durable path is tried when it starts.
  const host = await scratchHost({ database, options: { sessions: {} }, module });
  await host.send(signCallback(streamPushCallback(), { key: KEY }));
  await whenListenersDone(host.app);
  await host.close();

  const reader = new Sqlite(fileOf(database), { readonly: true });
  onTestFinished(() => void reader.close());
  const prepared = new Set(spy.mock.calls.map(([sql]) => sql));
  const asked = [...prepared].filter((sql) =>
    /^\s*(?:SELECT|UPDATE|DELETE|INSERT|WITH)\b/.test(sql),
  );
  expect(asked.length).toBeGreaterThan(50);
  expect(asked.flatMap((sql) => longReads(reader, sql))).toEqual([]);
});
