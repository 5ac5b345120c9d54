/**
 * Hosts that name tables and columns in their own way: prefixes, naming strategies, schemas. The host's
 * repositories and all statements of the module agree, and several applications share a database.
 */
import type { Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, DefaultNamingStrategy, type DataSourceOptions } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import {
  LIVE_CALLBACK_ENTITIES,
  LIVE_CALLBACK_MIGRATIONS,
  LiveCallback,
  LiveCallbackAuditService,
  LiveCallbackDelivery,
  LiveCallbackHealth,
  LiveCallbackModule,
  OnLiveEvent,
  type LiveEvent,
} from '../../../src/index.js';
import { BodyRevealer } from '../../../src/operations/body.revealer.js';
import { deliveriesOfPage } from '../../../src/operations/retention/purge.candidates.js';
import { CallbackEraser } from '../../../src/storage/callback.eraser.js';
import { CallbackDatabase } from '../../../src/storage/connection/callback.database.js';
import { RejectionRecorder } from '../../../src/receiving/refusals/rejection.recorder.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../../src/testing/index.js';
import { KEY, type Host } from '../../support/application.js';
import { MIX, mixCallback } from '../../support/custom-kinds.js';
import { DATABASES } from '../../support/databases.js';
import { HURRIED } from '../../support/hurried.js';
import { scratchConnection, scratchDatabase, scratchHostWith } from '../../support/scratch.js';

const OK = { status: 200, text: '{"code":0}' };

class PrefixedColumns extends DefaultNamingStrategy {
  override columnName(property: string, given: string | undefined): string {
    return `c_${given ?? property}`;
  }
}

class UpperCase extends DefaultNamingStrategy {
  override columnName(property: string, given: string | undefined): string {
    return (given ?? property).toUpperCase();
  }

  override tableName(target: string, given: string | undefined): string {
    return (given ?? target).toUpperCase();
  }
}

class PrefixedTables extends DefaultNamingStrategy {
  constructor(private readonly prefix: string) {
    super();
  }

  override tableName(target: string, given: string | undefined): string {
    return `${this.prefix}${given ?? target}`;
  }
}

/** Names of columns that words of SQL and of results are taken from. */
class Rotated extends DefaultNamingStrategy {
  override columnName(property: string, given: string | undefined): string {
    const name = given ?? property;
    return { id: 'state', state: 'listener', listener: 'id', fence: 'select' }[name] ?? name;
  }
}

const NAMINGS: [string, object][] = [
  [
    'a prefix before tables and one before columns',
    { entityPrefix: 'Long_Prefix_of_an_Application_', namingStrategy: new PrefixedColumns() },
  ],
  ['a strategy that exchanges names', { namingStrategy: new Rotated() }],
  ['a strategy that writes all in upper case', { namingStrategy: new UpperCase() }],
  ['a strategy that names tables', { namingStrategy: new PrefixedTables('app-1') }],
  ['a prefix', { entityPrefix: 'app1_' }],
];

/** Fails at the first attempt of each event. */
class Unsteady {
  readonly done: LiveEvent[] = [];
  private readonly failed = new Set<string>();

  @OnLiveEvent('stream-push', { id: 'unsteady', backoffMs: 100 })
  onEvent(event: LiveEvent): void {
    if (!this.failed.has(event.id)) {
      this.failed.add(event.id);
      throw new Error('not yet');
    }
    this.done.push(event);
  }
}

class Mixes {
  readonly done: LiveEvent[] = [];

  @OnLiveEvent('test-mix', { id: 'mixes' })
  onMix(event: LiveEvent): void {
    this.done.push(event);
  }
}

async function start(database: DataSourceOptions, options = {}, more: Type[] = []): Promise<Host> {
  return scratchHostWith(
    [
      TypeOrmModule.forRoot({ ...database, entities: [...LIVE_CALLBACK_ENTITIES] }),
      LiveCallbackModule.forRoot({ keys: KEY, ...HURRIED, ...options }),
    ],
    { module: { providers: [Unsteady, ...more] } },
  );
}

const push = (fields = {}) => signCallback(streamPushCallback(fields), { key: KEY });
const auditOf = ({ app }: Host) => app.get(LiveCallbackAuditService, { strict: false });

/** Waits for retries too. */
const settled = (host: Host, count: number) =>
  vi.waitFor(async () => {
    expect((await auditOf(host).find({ delivery: 'done' })).items).toHaveLength(count);
  }, 10_000);

/** Has every statement of the module run. */
async function liveThrough(host: Host): Promise<void> {
  const audit = auditOf(host);
  const signed = push({ stream_id: 'mine' });
  for (const one of [signed, signed, push(), signCallback(mixCallback({}), { key: KEY })]) {
    expect(await host.send(one)).toMatchObject(OK);
  }
  await settled(host, 2);
  expect((await audit.find({ stream: 'mine' })).items).toMatchObject([{ receiptsCount: 2 }]);
  expect((await audit.stats()).map(({ count }) => count)).toEqual([2, 1]);
  const { app } = host;
  const repository = app.get(DataSource).getRepository(LiveCallback);
  expect(await repository.countBy({ streamName: 'mine', conflicting: false })).toBe(1);
  const deliveries = app.get(DataSource).getRepository(LiveCallbackDelivery);
  expect(await deliveries.find({ order: { callbackId: 'ASC' } })).toMatchObject(
    [1, 2].map(() => ({ listener: 'unsteady', state: 'done', attempts: 2 })),
  );

  const { id } = (await audit.find({ kind: 'stream-push' })).items[0]!;
  const why = { reason: 'try', actor: 'test' };
  expect(await audit.replay(id, why)).toMatchObject([{ attempt: 3 }]);
  await whenListenersDone(app);
  expect(app.get(Unsteady).done).toHaveLength(3);
  await app.get(BodyRevealer, { strict: false }).record(id, 'test');
  expect(await audit.get(id)).toMatchObject({ reveal: { actor: 'test', count: 1 } });
  const nobody = { ...why, stream: 'nobody', userIp: '203.0.113.9' };
  expect(await audit.erase(nobody)).toMatchObject({ bodies: 0, excerpts: 0 });

  expect((await host.send({ ...signed, body: signed.body.replace('mine', 'thine') })).status).toBe(
    200,
  );
  const forged = signCallback(streamPushCallback(), { key: 'another-key-of-16' });
  for (const _ of [1, 2]) {
    expect((await host.send(forged)).status).toBe(401);
    await app.get(RejectionRecorder, { strict: false }).flush();
  }
  expect((await audit.rejections()).items).toMatchObject([{ count: 2 }]);
  expect(await audit.discard({ state: 'unknown' }, why)).toBe(1);
  await settled(host, 3);
  expect(await app.get(LiveCallbackHealth, { strict: false }).report()).toMatchObject({
    status: 'up',
    backlog: { pending: 0 },
    deadLetters: 0,
    unknown: 0,
  });
}

describe.each(DATABASES)('with $name', ({ name, isAbsent, createBare }) => {
  // What differs between databases is how a name is quoted and what is a word of SQL.
  const namings = name === 'SQLite' ? NAMINGS : NAMINGS.slice(0, 2);
  describe.skipIf(isAbsent).each(namings)('and %s', (_case, naming) => {
    it('every statement and the host agree on names', async () => {
      const database = { ...(await scratchDatabase(createBare)), ...naming } as DataSourceOptions;
      const host = await start(database);
      await liveThrough(host);
      await host.close();

      const later = await start(database, { kinds: [MIX] }, [Mixes]);
      const audit = auditOf(later);
      expect(await audit.requeue({ state: 'discarded' })).toMatchObject({ accepted: 1 });
      await whenListenersDone(later.app);
      expect(later.app.get(Mixes).done).toMatchObject([{ kind: 'test-mix' }]);
      const page = (await audit.find()).items.map((row) => row.id);
      const { dataSource } = later.app.get(CallbackDatabase, { strict: false });
      expect(await deliveriesOfPage(dataSource, page).getRawMany()).toHaveLength(page.length);
      const eraser = later.app.get(CallbackEraser, { strict: false });
      const batch = { ids: page, before: Date.now() + 60_000 };
      expect(await eraser.dropBodies(batch)).toBe(page.length);
      expect(await eraser.deleteCallbacks(batch)).toBe(page.length);
      expect(await audit.purge()).toMatchObject({ rows: 0 });
    });
  });

  it.skipIf(isAbsent)(
    'two applications with prefixes share a database, and nothing in it',
    async () => {
      const database = await scratchDatabase(createBare);
      const hosts: Host[] = [];
      for (const entityPrefix of ['app1_', 'app2_', '']) {
        hosts.push(await start({ ...database, entityPrefix }));
      }
      await hosts.at(-1)!.close();
      const again = await start({
        ...database,
        namingStrategy: new PrefixedTables('app3_'),
      });
      expect(await hosts[1]!.send(push())).toMatchObject(OK);
      await settled(hosts[1]!, 1);
      const counts = await Promise.all(
        [hosts[0]!, hosts[1]!, again].map(
          async (host) => (await auditOf(host).find()).items.length,
        ),
      );
      expect(counts).toEqual([0, 1, 0]);
      const dataSource = await scratchConnection(database);
      for (const prefix of ['app1_', 'app2_', 'app3_', '']) {
        const rows: unknown[] = await dataSource.query(
          `SELECT name FROM ${prefix}live_callback_migration`,
        );
        expect(rows).toHaveLength(LIVE_CALLBACK_MIGRATIONS.length);
      }
    },
  );

  it.skipIf(isAbsent)(
    'prefixes that are nearly as long as names may be have indexes of their own',
    async () => {
      const database = await scratchDatabase(createBare);
      for (const entityPrefix of ['x'.repeat(36), `${'x'.repeat(35)}y`]) {
        const host = await start({ ...database, entityPrefix });
        const signed = push();
        for (const _ of [1, 2]) expect(await host.send(signed)).toMatchObject(OK);
        expect((await auditOf(host).find()).items).toMatchObject([{ receiptsCount: 2 }]);
      }
    },
  );

  it.skipIf(isAbsent)('a host that runs the migrations itself has the same tables', async () => {
    const database = {
      ...(await scratchDatabase(createBare)),
      namingStrategy: new PrefixedColumns(),
      entityPrefix: 'app1_',
    } as DataSourceOptions;
    await scratchConnection({
      ...database,
      entities: [...LIVE_CALLBACK_ENTITIES],
      migrations: [...LIVE_CALLBACK_MIGRATIONS],
      migrationsRun: true,
    });
    const host = await start(database, { runMigrations: false });
    expect(await host.send(push())).toMatchObject(OK);
    await settled(host, 1);
  });

  describe.runIf(name === 'PostgreSQL' && !isAbsent)('and schemas', () => {
    it.each<[string, (schema: string) => object]>([
      ['the option schema', (schema) => ({ schema })],
      ['options of the driver', (schema) => ({ extra: { options: `-c search_path="${schema}"` } })],
    ])('two applications are apart by %s', async (_case, optionsOf) => {
      const database = await scratchDatabase(createBare);
      const dataSource = await scratchConnection(database);
      const hosts: Host[] = [];
      for (const schema of ['app1', 'App-2']) {
        await dataSource.query(`CREATE SCHEMA "${schema}"`);
        const options = { ...database, ...optionsOf(schema) } as DataSourceOptions;
        hosts.push(await start(options));
      }
      expect(await hosts[1]!.send(push())).toMatchObject(OK);
      await settled(hosts[1]!, 1);
      for (const [index, host] of hosts.entries()) {
        expect((await auditOf(host).find()).items).toHaveLength(index);
        expect(await host.app.get(DataSource).getRepository(LiveCallback).count()).toBe(index);
      }
      expect(
        await dataSource.query(
          "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
        ),
      ).toEqual([]);
    });
  });
});
