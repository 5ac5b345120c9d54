/** PostgreSQL behind PgBouncer: sessions work with its defaults, shared ones are refused by name. */
import { readFileSync } from 'node:fs';

import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import {
  LIVE_CALLBACK_ENTITIES,
  LiveCallbackAuditService,
  LiveCallbackHealth,
  LiveCallbackModule,
  OnLiveEvent,
} from '../../../src/index.js';
import { signCallback, streamPushCallback } from '../../../src/testing/index.js';
import { KEY, type Host } from '../../support/application.js';
import { DATABASES } from '../../support/databases.js';
import { HURRIED } from '../../support/hurried.js';
import { LogLines } from '../../support/log-lines.js';
import { hasPgbouncer, selfSigned, startPgbouncer } from '../../support/pgbouncer.js';
import {
  errorOfStart,
  scratchConnection,
  scratchDatabase,
  scratchHost,
  scratchHostWith,
} from '../../support/scratch.js';

const { isAbsent, create } = DATABASES.find(({ name }) => name === 'PostgreSQL')!;

class Pushes {
  @OnLiveEvent('stream-push', { id: 'pushes' })
  onPush(): void {}
}

const push = (fields = {}) => signCallback(streamPushCallback(fields), { key: KEY });
const module = { providers: [Pushes] };

async function sendMany(host: Host, count: number): Promise<number[]> {
  const sent = Array.from({ length: count }, (_, index) =>
    host.send(push({ stream_id: `stream-${index}` })),
  );
  return (await Promise.all(sent)).map(({ status }) => status);
}

const doneOf = async ({ app }: Host) => {
  const audit = app.get(LiveCallbackAuditService, { strict: false });
  return (await audit.find({ delivery: 'done' })).items.length;
};

describe.skipIf(isAbsent || !hasPgbouncer)('behind PgBouncer', () => {
  it('with pool_mode = session and its other defaults all works', async () => {
    const database = await scratchDatabase(create);
    const { options } = await startPgbouncer(database, { pool_mode: 'session' });
    const host = await scratchHost({ database: options, module });
    expect(new Set(await sendMany(host, 40))).toEqual(new Set([200]));
    await vi.waitFor(async () => expect(await doneOf(host)).toBe(40), 10_000);
  });

  it('that takes TLS alone all works with the ssl of the host, in its options, extra or URL', async () => {
    const database = await scratchDatabase(create);
    const { cert, key } = selfSigned();
    const { options } = await startPgbouncer(database, {
      pool_mode: 'session',
      client_tls_sslmode: 'require',
      client_tls_cert_file: cert,
      client_tls_key_file: key,
    });
    const ssl = { ca: readFileSync(cert, 'utf8'), servername: 'localhost' };
    const { port, username, database: name } = options as unknown as Record<string, string>;
    const url = `postgres://${username}@127.0.0.1:${port}/${name}?sslmode=require&uselibpqcompat=true`;
    const ways = [
      { ...options, ssl },
      { ...options, extra: { ssl } },
      { type: 'postgres', url },
    ];
    for (const way of ways) {
      const connection = { ...way, entities: [...LIVE_CALLBACK_ENTITIES] } as DataSourceOptions;
      const host = await scratchHostWith(
        [TypeOrmModule.forRoot(connection), LiveCallbackModule.forRoot({ keys: KEY })],
        { module },
      );
      expect(await sendMany(host, 1)).toEqual([200]);
    }
    await expect(scratchConnection(options)).rejects.toThrow('SSL required');
  });

  it.each([
    ['transaction', {}],
    ['transaction', { default_pool_size: 1 }],
    ['transaction', { default_pool_size: 4, server_round_robin: 1 }],
    ['statement', {}],
  ])('with pool_mode = %s, %o, the start is refused with the fix', async (pool_mode, settings) => {
    const database = await scratchDatabase(create);
    const { options } = await startPgbouncer(database, { pool_mode, ...settings });
    const error = await errorOfStart(scratchHost({ database: options, module }));
    expect([error.name, error.message]).toEqual([
      'StorageSetupError',
      expect.stringMatching(/pool_mode = transaction.*pool_mode = session.*database: \{/),
    ]);
    // Others share these sessions, and must not get its settings.
    const other = await scratchConnection({ ...options, extra: { max: 1 } });
    const [row] = await other.query<object[]>(
      "SELECT current_setting('enable_seqscan') AS scans, current_setting('statement_timeout') AS timeout",
    );
    expect(row).toEqual({ scans: 'on', timeout: '0' });
  });

  it('a pooler that shares sessions after a restart shows in health and the log', async () => {
    const database = await scratchDatabase(create);
    const { options, stop } = await startPgbouncer(database, { pool_mode: 'session' });
    const logger = new LogLines();
    const host = await scratchHost({
      database: options,
      options: HURRIED,
      module,
      application: { logger },
    });
    await stop();
    const { port } = options as { port: number };
    await startPgbouncer(database, { pool_mode: 'transaction', default_pool_size: 1 }, port);
    const health = host.app.get(LiveCallbackHealth, { strict: false });
    await vi.waitFor(async () => {
      expect((await health.report()).storage.status).toBe('down');
      expect(logger.of('error')).toContainEqual(expect.stringContaining('pool_mode = transaction'));
    }, 10_000);
  });
});
