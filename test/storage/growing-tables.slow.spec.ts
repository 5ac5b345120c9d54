/** What PostgreSQL reads while tables grow of which its statistics know nothing yet. */

import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import { DeliveryPoller } from '../../src/delivery/delivery.poller.js';
import { OnLiveEvent, type LiveEvent, type LiveEventContext } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { DATABASES } from '../support/databases.js';
import { EventRecorder } from '../support/event-recorder.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';

const push = (fields = {}) => signCallback(streamPushCallback(fields), { key: KEY });

/** What PostgreSQL has read of a table. */
interface Reads {
  readonly table: string;
  readonly inserted: number;
  /** Rows that passes over the table came to. */
  readonly scanned: number;
  /** Entries that searches in its indexes came to. */
  readonly found: number;
}

/** The reads of both tables, once they tell of so many rows at least. */
function readsOf(dataSource: DataSource, rows: readonly [number, number]): Promise<Reads[]> {
  // A connection tells its figures when it ends, or some time later.
  return vi.waitFor(async () => {
    const reads = await dataSource.query<Reads[]>(
      `SELECT t.relname AS table, n_tup_ins::int AS inserted, seq_tup_read::int AS scanned,
         (SELECT sum(idx_tup_read)::int FROM pg_stat_user_indexes i WHERE i.relid = t.relid) AS found
       FROM pg_stat_user_tables t
       WHERE relname IN ('live_callback', 'live_callback_delivery') ORDER BY relname`,
    );
    // More than that: rows that are rolled back are counted too, as those that prove the statements.
    for (const [at, { inserted }] of reads.entries())
      expect(inserted).toBeGreaterThanOrEqual(rows[at]!);
    return reads;
  }, 10_000);
}

const { isAbsent, create } = DATABASES.find(({ name }) => name === 'PostgreSQL')!;

describe.skipIf(isAbsent)('with PostgreSQL', () => {
  it('statements that were planned on empty tables do not read growing ones from end to end', async () => {
    class Waiting {
      /** What waits for it fills the table of deliveries. */
      @OnLiveEvent('stream-push', { id: 'waiting', order: 'none', concurrency: 1 })
      onPush(_event: LiveEvent, { signal }: LiveEventContext) {
        return new Promise((resolve) => signal.addEventListener('abort', resolve));
      }
    }
    const database = await scratchDatabase(create);
    const providers = [EventRecorder, Waiting];
    const host = await scratchHost({ database, module: { providers } });
    // A poll reads all that waits, and how many there are says only how fast the machine is.
    await host.app.get(DeliveryPoller).stop();
    const dataSource = await scratchConnection(database);
    const COUNT = 2_000;
    for (let sent = 0; sent < COUNT; sent += 50) {
      const batch = Array.from({ length: 50 }, (_, i) => push({ stream_id: `stream-${i}` }));
      await Promise.all(batch.map((signed) => host.send(signed)));
    }
    await vi.waitFor(() => expect(host.app.get(EventRecorder).events).toHaveLength(COUNT), 10_000);
    await host.close();
    const told = await readsOf(dataSource, [COUNT, 2 * COUNT]);
    for (const { scanned, found } of told) {
      expect(scanned).toBeLessThan(COUNT);
      expect(found).toBeLessThan(20 * COUNT);
    }
  });

  it('a backlog that the statistics do not know is taken over without comparing each with each', async () => {
    const database = await scratchDatabase(create);
    const intake = await scratchHost({
      database,
      options: { role: 'intake' },
      module: { providers: [EventRecorder] },
    });
    const COUNT = 2_000;
    for (let sent = 0; sent < COUNT; sent += 50) {
      const batch = Array.from({ length: 50 }, (_, i) => push({ stream_id: `stream-${i}` }));
      await Promise.all(batch.map((signed) => intake.send(signed)));
    }
    const worker = await scratchHost({ database, module: { providers: [EventRecorder] } });
    const { events } = worker.app.get(EventRecorder);
    await vi.waitFor(() => expect(events).toHaveLength(COUNT), 20_000);
    await intake.close();
    await worker.close();
    const told = await readsOf(await scratchConnection(database), [COUNT, COUNT]);
    for (const { found } of told) expect(found).toBeLessThan(100 * COUNT);
  });
});
