/** Settings of a whole server, so each server is the test's own: packets, and what a power loss can take. */
import { DataSource } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';

import {
  LiveCallbackAuditService,
  LiveCallbackHealth,
  StorageSetupError,
} from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { cli, databaseUrl } from '../cli/cli-support.js';
import type { Fault, FaultyDatabase } from '../faults/databases/faulty-database.js';
import { startMariadb } from '../faults/databases/mariadb.js';
import { startPostgres } from '../faults/databases/postgres.js';
import { KEY } from '../support/application.js';
import { LogLines } from '../support/log-lines.js';
import { errorOfStart, scratchHost } from '../support/scratch.js';

let server: FaultyDatabase | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const push = (fields = {}) => signCallback(streamPushCallback(fields), { key: KEY });

describe('MariaDB', () => {
  it('with packets of 1 MiB stores 130 callbacks of 30 kB that come at once', async () => {
    server = await startMariadb(['--max-allowed-packet=1M']);
    const host = await scratchHost({ database: server.options });
    const bodies = Array.from({ length: 130 }, () => push({ stream_param: 'x'.repeat(30_000) }));
    const answers = await Promise.all(bodies.map((body) => host.send(body)));
    expect(answers.map(({ status }) => status)).toEqual(Array(130).fill(200));
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    expect((await audit.find({ limit: 500 })).items).toHaveLength(130);
    const { body } = push({ stream_param: '现'.repeat(85_000) });
    const headers = { 'content-type': 'application/json' };
    expect((await host.post('/live-callback', { headers, body })).status).toBe(200);
    await host.close();
  });

  it('with packets smaller than the largest body stops the start, and doctor finds it', async () => {
    server = await startMariadb(['--max-allowed-packet=256K']);
    const database = server.options;
    const error = await errorOfStart(scratchHost({ database }));
    expect(error).toBeInstanceOf(StorageSetupError);
    expect(error.message).toMatch(
      /^max_allowed_packet is 262144 bytes.*SET GLOBAL max_allowed_packet = 1048576/,
    );
    const env = { LIVE_CALLBACK_KEYS: KEY, DATABASE_URL: databaseUrl(database) };
    const args = ['doctor', '-u', 'http://127.0.0.1:9/live-callback', '--json', '--timeout', '1s'];
    const run = await cli(args, { env });
    expect(run.json()).toContainEqual(
      expect.objectContaining({ check: 'settings packet', status: 'broken' }),
    );
  });

  it('that writes its logs to the disk later starts, and log and health tell the risk', async () => {
    server = await startMariadb([
      '--innodb-flush-log-at-trx-commit=2',
      '--log-bin',
      '--sync-binlog=0',
    ]);
    const logger = new LogLines();
    const host = await scratchHost({ database: server.options, application: { logger } });
    expect(logger.of('warn').join()).toMatch(
      /innodb_flush_log_at_trx_commit is 2: a power loss.*sync_binlog is 0/,
    );
    const { status, storage } = await host.app.get(LiveCallbackHealth, { strict: false }).report();
    expect(status).toBe('up');
    expect(storage.findings).toEqual(['innodb_flush_log_at_trx_commit', 'sync_binlog']);
    await host.close();
  });
});

it('PostgreSQL that comes back with a setting changed is looked at again', async () => {
  server = await startPostgres();
  const logger = new LogLines();
  const host = await scratchHost({ database: server.options, application: { logger } });
  const health = host.app.get(LiveCallbackHealth, { strict: false });
  expect((await health.report()).storage).toEqual({ status: 'up', findings: [] });
  const connection = await new DataSource(server.options).initialize();
  await connection.query('ALTER SYSTEM SET full_page_writes = off');
  await connection.destroy();
  const [fault] = server.faults as [Fault];
  await fault.begin();
  expect((await host.send(push())).status).toBe(503);
  await fault.end();
  const known = () => health.report().then(({ storage }) => storage);
  await expect
    .poll(known, { timeout: 20_000, interval: 500 })
    .toEqual({ status: 'up', findings: ['full_page_writes'] });
  expect(logger.of('warn').join()).toContain('full_page_writes is off');
  await host.close();
});
