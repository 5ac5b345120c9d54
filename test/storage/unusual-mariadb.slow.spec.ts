/**
 * A MariaDB whose administrator has chosen what few do: backslashes that are letters, and a binary log
 * that keeps statements.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { LiveCallbackAuditService } from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { CallbackEraser } from '../../src/storage/callback.eraser.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { startMariadb } from '../faults/databases/mariadb.js';
import type { FaultyDatabase } from '../faults/databases/faulty-database.js';
import { KEY, startHost, type Host } from '../support/application.js';
import { MIX, mixCallback } from '../support/custom-kinds.js';

const INJECTION = "\\' OR 1 = 1 -- ";

let server: FaultyDatabase;

beforeAll(async () => {
  server = await startMariadb([
    '--sql-mode=STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES',
    '--log-bin',
    '--binlog-format=STATEMENT',
  ]);
});

afterAll(() => server?.close());

async function withHost(
  options: Parameters<typeof startHost>[0]['options'],
  work: (host: Host, audit: LiveCallbackAuditService) => Promise<void>,
): Promise<void> {
  const host = await startHost({ database: server.options, options });
  try {
    await work(host, host.app.get(LiveCallbackAuditService, { strict: false }));
  } finally {
    await host.close();
  }
}

it('takes what strangers say for values, in what is stored and in what is asked', async () => {
  await withHost({}, async (host, audit) => {
    const { status } = await host.send(signCallback(streamPushCallback(), { key: KEY }));
    expect(status).toBe(200);
    expect((await audit.find({ stream: 'test_stream' })).items).toHaveLength(1);
    expect((await audit.find({ stream: INJECTION })).items).toEqual([]);

    const body = JSON.stringify(streamPushCallback({ stream_id: `${INJECTION}, (SELECT 1)` }));
    const headers = { 'content-type': 'application/json' };
    expect((await host.post('/live-callback', { headers, body })).status).not.toBe(200);
    await host.app.get(RejectionRecorder, { strict: false }).flush();
    const [rejection] = (await audit.rejections()).items;
    expect(rejection?.excerpt).toContain(JSON.stringify(INJECTION).slice(1, -1));
  });
});

it('accepts and erases callbacks, although it writes no such changes under READ COMMITTED', async () => {
  await withHost({}, async (host) => {
    for (const mix_id of ['one', 'two']) {
      const { status } = await host.send(signCallback(mixCallback({ mix_id }), { key: KEY }));
      expect(status).toBe(200);
    }
    await whenListenersDone(host.app);
  });
  await withHost({ kinds: [MIX] }, async (host, audit) => {
    expect(await audit.requeue()).toEqual({ accepted: 2, kept: 0 });
    const eraser = host.app.get(CallbackEraser, { strict: false });
    const ids = (await audit.find({ kind: 'test-mix' })).items.map(({ id }) => id);
    const batch = { ids, before: Date.now() + 60_000 };
    expect(await eraser.dropBodies(batch)).toBe(2);
    expect(await eraser.deleteCallbacks(batch)).toBe(2);
  });
});
