/** Registrations that share a database are tenants: nothing of one reaches the other. */
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  LiveCallback,
  LiveCallbackAuditService,
  LiveCallbackHealth,
  LiveCallbackModule,
  NonRetryableError,
  OnLiveEvent,
  type LiveEvent,
} from '../../src/index.js';
import { IdSource } from '../../src/common/id.source.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, startWith, type Host } from '../support/application.js';
import { FEATURE_DATABASES, type TestDatabase } from '../support/databases.js';
import { LogLines } from '../support/log-lines.js';
import { scratchDatabase, scratchHostWith } from '../support/scratch.js';

const KEY_B = 'OtherTenant2026xyz';
const WHY = { reason: 'a test', actor: 'tester' };

class Listeners {
  readonly seen: string[] = [];

  @OnLiveEvent('stream-push', { id: 'all' })
  all({ registration, stream }: LiveEvent): void {
    this.seen.push(`all: ${registration} ${stream.name}`);
  }

  @OnLiveEvent('stream-push', { id: 'of-b', registration: 'tenant-b' })
  ofB({ registration, stream }: LiveEvent): void {
    this.seen.push(`of-b: ${registration} ${stream.name}`);
  }

  @OnLiveEvent('stream-push', { id: 'fails' })
  fails(): void {
    throw new NonRetryableError('always');
  }
}

describe.each(FEATURE_DATABASES)('two tenants of one database on $name', ({ create, isAbsent }) => {
  describe.skipIf(isAbsent)('each by itself', () => {
    let database: TestDatabase;
    let host: Host;
    let a: LiveCallbackAuditService;
    let b: LiveCallbackAuditService;
    let listeners: Listeners;

    const send = async (stream_id: string, where: 'a' | 'b') => {
      const key = where === 'a' ? KEY : KEY_B;
      // The content is the same for both.
      const callback = streamPushCallback({ stream_id, sequence: '1' });
      const answer = await host.send(signCallback(callback, { key }), `/${where}`);
      expect(answer.status).toBe(200);
      await whenListenersDone(host.app);
    };

    beforeAll(async () => {
      database = await create();
      host = await startWith(
        [
          TypeOrmModule.forRoot({ ...database.options, autoLoadEntities: true }),
          LiveCallbackModule.forRoot({ keys: KEY, path: 'a', name: 'tenant-a' }),
          LiveCallbackModule.forRoot({ keys: KEY_B, path: 'b', name: 'tenant-b' }),
        ],
        { module: { providers: [Listeners] } },
      );
      const services = host.app.get(LiveCallbackAuditService, { strict: false, each: true });
      [a, b] = services as [LiveCallbackAuditService, LiveCallbackAuditService];
      listeners = host.app.get(Listeners);
    });
    afterAll(async () => {
      await host?.close();
      await database?.drop();
    });

    it('the event of one is no duplicate and no conflict of the same event of the other', async () => {
      await send('room-1', 'a');
      await send('room-1', 'b');
      expect(listeners.seen).toEqual(
        expect.arrayContaining([
          'all: tenant-a room-1',
          'all: tenant-b room-1',
          'of-b: tenant-b room-1',
        ]),
      );
      expect(listeners.seen).toHaveLength(3);
      for (const audit of [a, b]) {
        const { items } = await audit.find({ stream: 'room-1' });
        expect(items).toMatchObject([{ receiptsCount: 1, conflicting: false }]);
      }
    });

    it('neither reads, replays or discards what is the other’s, by id or by filter', async () => {
      await send('room-2', 'b');
      const { items } = await b.find({ stream: 'room-2' });
      const { id } = items[0]!;
      expect(await a.get(id)).toBeNull();
      expect((await a.find({ stream: 'room-2' })).items).toEqual([]);
      expect((await a.find({ stream: 'room-2', delivery: 'dead' })).items).toEqual([]);
      expect(await a.replay(id, WHY)).toEqual([]);
      expect(await a.replay({ stream: 'room-2' }, WHY)).toEqual([]);
      expect(await a.discard(id, WHY)).toBe(0);
      expect(await a.discard(id, { ...WHY, listeners: ['fails'] })).toBe(0);
      expect(await a.erase({ stream: 'room-2', ...WHY })).toMatchObject({ bodies: 0, held: 0 });
      const detail = await b.get(id);
      expect(detail?.body).not.toBeNull();
      expect(detail?.deliveries).toContainEqual(
        expect.objectContaining({ listener: 'fails', state: 'dead' }),
      );
      expect(await b.discard(id, WHY)).toBe(1);
    });

    it('figures, counts and refusals are those of one alone', async () => {
      await host.send(signCallback(streamPushCallback(), { key: KEY }), '/b');
      const [healthA, healthB] = host.app.get(LiveCallbackHealth, { strict: false, each: true });
      expect((await healthA?.report())?.deadLetters).toBe(1);
      expect((await healthB?.report())?.deadLetters).toBe(1);
      const total = async (audit: LiveCallbackAuditService) =>
        (await audit.stats()).reduce((sum, { count }) => sum + count, 0);
      expect(await total(a)).toBe(1);
      expect(await total(b)).toBe(2);
      await expect
        .poll(async () => (await b.rejections()).items.length, { timeout: 5_000 })
        .toBe(1);
      expect((await a.rejections()).items).toEqual([]);
    });

    it('a purge takes nothing of the other', async () => {
      const rows = host.app.get(DataSource, { strict: false }).getRepository(LiveCallback);
      const msecs = Date.now() - 40 * 86_400_000;
      for (const registration of ['tenant-a', 'tenant-b']) {
        const id = new IdSource().next(msecs);
        const time = new Date(msecs);
        const digests = { contentDigest: id, identityDigest: id };
        await rows.insert({
          ...digests,
          id,
          registration,
          kind: 'stream-push',
          state: 'accepted',
          receivedAt: time,
          lastReceivedAt: time,
          receiptsCount: 1,
          conflicting: false,
          body: '{}',
          bodyEncoding: 'utf8',
        });
      }
      const policy = { bodyDays: 30, rowDays: 60, rejectionDays: 30 };
      expect(await a.purge(policy)).toMatchObject({ bodies: 1, held: 0 });
      expect(await a.purge(policy)).toMatchObject({ bodies: 0 });
      expect(await b.purge(policy)).toMatchObject({ bodies: 1 });
    });
  });
});

it('a listener of a registration that is not there is said at start', async () => {
  class Elsewhere {
    @OnLiveEvent('*', { registration: 'tenant-c' })
    on(): void {}
  }
  const logger = new LogLines();
  const host = await scratchHostWith(
    [
      TypeOrmModule.forRoot({ ...(await scratchDatabase()), autoLoadEntities: true }),
      LiveCallbackModule.forRoot({ keys: KEY, name: 'tenant-a' }),
    ],
    { module: { providers: [Elsewhere] }, application: { logger } },
  );
  await host.close();
  expect(logger.text).toContain(
    'The listener Elsewhere.on is for the registration "tenant-c", which this application does not import; it has tenant-a.',
  );
});
