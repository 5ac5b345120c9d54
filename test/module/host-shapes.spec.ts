/**
 * Shapes of host applications: prefixes, versions, modules on sub-paths, DataSources of their own,
 * global guards, repositories and controllers that use parts of the module.
 */
import {
  Body,
  Controller,
  Injectable,
  Module,
  Post,
  RequestMethod,
  SetMetadata,
  UseGuards,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { Reflector, RouterModule } from '@nestjs/core';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, Entity, PrimaryColumn, type Repository } from 'typeorm';
import { describe, expect, it } from 'vitest';

import {
  CallbackSignatureGuard,
  LIVE_CALLBACK_ENTITIES,
  LiveCallback,
  LiveCallbackAuditService,
  LiveCallbackModule,
  OnLiveEvent,
  type LiveEvent,
} from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { ADAPTERS, KEY, startWith, type Host } from '../support/application.js';
import { createBareSqlite, DATABASES } from '../support/databases.js';
import { LogLines } from '../support/log-lines.js';
import {
  errorOfStart,
  fileOf,
  scratchDatabase,
  scratchHost,
  scratchHostWith,
} from '../support/scratch.js';

const OK = { status: 200, text: '{"code":0}' };
const push = () => signCallback(streamPushCallback(), { key: KEY });
const find = async ({ app }: Host) =>
  (await app.get(LiveCallbackAuditService, { strict: false }).find()).items;

/** What a reflection-based guard of a host looks for. */
const PUBLIC = 'host:public';
const Public = () => SetMetadata(PUBLIC, true);

@Injectable()
class PublicOnlyGuard implements CanActivate {
  private readonly reflector = new Reflector();

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    return this.reflector.getAllAndOverride<boolean>(PUBLIC, targets) ?? false;
  }
}

/** A table of the host, so that its DataSource is not the module's alone. */
@Entity('host_order')
class HostOrder {
  @PrimaryColumn()
  id!: string;

  @Column()
  text!: string;
}

@Injectable()
class RepositoryUser {
  constructor(
    @InjectRepository(LiveCallback) readonly callbacks: Repository<LiveCallback>,
    @InjectRepository(HostOrder) readonly orders: Repository<HostOrder>,
  ) {}

  @OnLiveEvent('stream-push')
  async onPush({ id, data }: LiveEvent<'stream-push'>): Promise<void> {
    await this.orders.insert({ id, text: data.stream_id });
  }
}

@Controller('host')
class HostController {
  @Post('callback')
  @UseGuards(CallbackSignatureGuard)
  callback(@Body() body: { stream_id?: string }) {
    return { streamId: body.stream_id };
  }
}

describe.each(ADAPTERS)('on %s', (adapter) => {
  const startConfigured = (configure: (app: INestApplication) => unknown) =>
    scratchHost({ adapter, configure: (app) => void configure(app) });
  const sendTo = async (host: Host, base: string) => [
    await host.send(push(), base),
    await host.send(push(), `${base}/stream-push`),
    await host.send(push(), `${base}/stream-push?source=css`),
  ];

  it('a global prefix goes before the routes', async () => {
    const host = await startConfigured((app) => app.setGlobalPrefix('api/v1'));
    expect(await sendTo(host, '/api/v1/live-callback')).toMatchObject([OK, OK, OK]);
    expect((await host.send(push())).status).toBe(404);
  });

  it('a global prefix can leave the routes out', async () => {
    const exclude = [
      { path: 'live-callback', method: RequestMethod.ALL },
      { path: 'live-callback/*path', method: RequestMethod.ALL },
    ];
    const host = await startConfigured((app) => app.setGlobalPrefix('api', { exclude }));
    expect(await sendTo(host, '/live-callback')).toMatchObject([OK, OK, OK]);
    expect((await host.send(push(), '/api/live-callback')).status).toBe(404);
  });

  it.each([
    ['without a default version', undefined],
    ['with a default version', '1'],
    ['with several default versions', ['1', '2']],
  ])('URI versioning %s leaves the URLs where they are', async (_case, defaultVersion) => {
    const host = await startConfigured((app) =>
      app.enableVersioning({ type: VersioningType.URI, defaultVersion }),
    );
    expect(await sendTo(host, '/live-callback')).toMatchObject([OK, OK, OK]);
  });

  it.each([VersioningType.HEADER, VersioningType.MEDIA_TYPE])(
    'versioning of type %s does not ask CSS for a version',
    async (type) => {
      const host = await startConfigured((app) =>
        app.enableVersioning(
          type === VersioningType.HEADER
            ? { type, header: 'x-version', defaultVersion: '1' }
            : { type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: '1' },
        ),
      );
      expect(await sendTo(host, '/live-callback')).toMatchObject([OK, OK, OK]);
    },
  );

  it('a prefix of RouterModule goes before the routes', async () => {
    const host = await scratchHost({
      adapter,
      module: {
        imports: [RouterModule.register([{ path: 'hooks', module: LiveCallbackModule }])],
      },
    });
    expect(await sendTo(host, '/hooks/live-callback')).toMatchObject([OK, OK, OK]);
    expect((await host.send(push())).status).toBe(404);
  });

  it('a global guard lets the callbacks through with decorators: [Public()]', async () => {
    const host = await scratchHost({
      adapter,
      options: { decorators: [Public()] },
      configure: (app) => void app.useGlobalGuards(new PublicOnlyGuard()),
    });
    expect(await sendTo(host, '/live-callback')).toMatchObject([OK, OK, OK]);
    const forged = signCallback(streamPushCallback(), { key: 'another-key-of-16' });
    expect(await host.send(forged)).toMatchObject({ status: 401, text: '{"code":401}' });
    expect(await find(host)).toHaveLength(3);
  });

  it('a global guard refuses the callbacks without: nothing is stored, and the log says the fix', async () => {
    const logger = new LogLines();
    const host = await scratchHost({
      adapter,
      application: { logger },
      configure: (app) => void app.useGlobalGuards(new PublicOnlyGuard()),
    });
    expect(await host.send(push())).toMatchObject({ status: 403, text: '{"code":403}' });
    expect(await find(host)).toEqual([]);
    expect(logger.of('error')).toContainEqual(
      expect.stringContaining('LiveCallbackModule.forRoot({ decorators: [Public()], … })'),
    );
  });

  it('CallbackSignatureGuard protects a controller of the host', async () => {
    const host = await scratchHost({ adapter, module: { controllers: [HostController] } });
    const signed = signCallback(streamPushCallback({ stream_id: 'mine' }), { key: KEY });
    expect(await host.send(signed, '/host/callback')).toMatchObject({
      status: 201,
      text: '{"streamId":"mine"}',
    });
    const forged = signCallback(streamPushCallback(), { key: 'another-key-of-16' });
    expect(await host.send(forged, '/host/callback')).toMatchObject({
      status: 401,
      text: '{"code":401}',
    });
    for (const body of ['{}', '[]', 'null', '""']) {
      const answer = await host.post('/host/callback', { headers: signed.headers, body });
      expect({ body, isRefused: answer.status >= 400 && answer.status < 500 }).toEqual({
        body,
        isRefused: true,
      });
    }
    expect((await host.post('/host/callback', {})).status).toBeLessThan(500);
    expect(await find(host)).toEqual([]);
  });
});

describe.each(DATABASES)('with a host on $name', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)('its named DataSource serves, with autoLoadEntities', async () => {
    const database = await scratchDatabase(create);
    const host = await scratchHostWith([
      TypeOrmModule.forRoot({ ...database, name: 'events', autoLoadEntities: true }),
      LiveCallbackModule.forRoot({ keys: KEY, dataSource: 'events' }),
    ]);
    expect(await host.send(push())).toMatchObject(OK);
    expect(await find(host)).toHaveLength(1);
  });

  it.skipIf(isAbsent)('its default DataSource serves, with LIVE_CALLBACK_ENTITIES', async () => {
    const database = await scratchDatabase(create);
    const host = await scratchHostWith(
      [
        TypeOrmModule.forRoot({
          ...database,
          entities: [HostOrder, ...LIVE_CALLBACK_ENTITIES],
          synchronize: true,
        }),
        TypeOrmModule.forFeature([HostOrder]),
        LiveCallbackModule.forRoot({ keys: KEY }),
      ],
      { module: { providers: [RepositoryUser] } },
    );
    const signed = signCallback(streamPushCallback({ stream_id: 'mine' }), { key: KEY });
    expect(await host.send(signed)).toMatchObject(OK);
    await whenListenersDone(host.app);
    const { callbacks, orders } = host.app.get(RepositoryUser);
    expect(await callbacks.find()).toMatchObject([
      {
        kind: 'stream-push',
        streamName: 'mine',
        state: 'accepted',
        conflicting: false,
        receiptsCount: 1,
        eventType: 1,
        body: signed.body,
      },
    ]);
    expect(await callbacks.countBy({ streamName: 'mine', conflicting: false })).toBe(1);
    expect(await orders.find()).toMatchObject([{ text: 'mine' }]);
  });
});

describe('a start is refused', () => {
  it('when the DataSource does not know the entities', async () => {
    const database = await scratchDatabase();
    const error = await errorOfStart(
      startWith(
        [
          TypeOrmModule.forRoot({ ...database, entities: [HostOrder] }),
          LiveCallbackModule.forRoot({ keys: KEY }),
        ],
        {},
      ),
    );
    expect(error).toMatchObject({
      name: 'StorageSetupError',
      message:
        'The DataSource does not know LiveAlert, LiveCallback, LiveCallbackDelivery, LiveCallbackRejection, LiveListener, LivePush, LiveReconciliation, LiveSession, LiveSessionLock. Add LIVE_CALLBACK_ENTITIES to its entities, or set autoLoadEntities: true.',
    });
  });

  it('when the DataSource knows some of the entities', async () => {
    const database = await scratchDatabase();
    const starting = startWith(
      [
        TypeOrmModule.forRoot({ ...database, entities: [LiveCallback] }),
        LiveCallbackModule.forRoot({ keys: KEY }),
      ],
      {},
    );
    expect((await errorOfStart(starting)).message).toBe(
      'The DataSource does not know LiveAlert, LiveCallbackDelivery, LiveCallbackRejection, LiveListener, LivePush, LiveReconciliation, LiveSession, LiveSessionLock. Add LIVE_CALLBACK_ENTITIES to its entities, or set autoLoadEntities: true.',
    );
  });

  it.each([':memory:', ''])('when SQLite is in memory ("%s")', async (name) => {
    const database = { type: 'better-sqlite3', database: name } as const;
    expect(await errorOfStart(scratchHost({ database }))).toMatchObject({
      name: 'StorageSetupError',
      message:
        'The DataSource is an in-memory SQLite database, which nothing survives and which a second connection cannot open. Give it a file, in tests a temporary one: database: join(tmpdir(), "live-callback.db").',
    });
  });

  it('when the DataSource is of a type that the module cannot write to', async () => {
    // The host hands over a DataSource that it has made itself: no server is asked.
    @Module({})
    class NoModule {}
    const make = async () => {
      const dataSource = new DataSource({
        type: 'cockroachdb',
        entities: [...LIVE_CALLBACK_ENTITIES],
        timeTravelQueries: false,
      });
      await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
      return Object.assign(dataSource, { isInitialized: true, destroy: async () => {} });
    };
    const typeOrm = TypeOrmModule.forRootAsync({
      useFactory: () => ({ type: 'cockroachdb', timeTravelQueries: false }),
      dataSourceFactory: make,
    });
    const starting = startWith([NoModule, typeOrm, LiveCallbackModule.forRoot({ keys: KEY })], {});
    expect(await errorOfStart(starting)).toMatchObject({
      name: 'StorageSetupError',
      message:
        'The DataSource is of type "cockroachdb". nestjs-live-callback stores callbacks in better-sqlite3, postgres, mysql or mariadb: pass one of these as "database", or name such a DataSource as "dataSource".',
    });
  });

  it('when the named DataSource does not exist', async () => {
    const database = await scratchDatabase();
    const starting = startWith(
      [
        TypeOrmModule.forRoot({ ...database, autoLoadEntities: true }),
        LiveCallbackModule.forRoot({ keys: KEY, dataSource: 'absent' }),
      ],
      {},
    );
    expect(await errorOfStart(starting)).toMatchObject({
      code: 'options-invalid',
      message:
        'dataSource names "absent", and no TypeOrmModule has a DataSource of that name: import TypeOrmModule.forRoot({ name: "absent", …, autoLoadEntities: true }).',
    });
  });

  it.each(['intake', 'worker'] as const)(
    'when there is neither a database nor a TypeOrmModule, also for the role %s',
    async (role) => {
      const live = LiveCallbackModule.forRoot({ keys: KEY, role });
      expect(await errorOfStart(startWith([live], {}))).toMatchObject({
        code: 'options-invalid',
        message:
          'database is left out, and no TypeOrmModule has a DataSource: write database: { type: "better-sqlite3", database: "data/live-callback.db" }, or import TypeOrmModule.forRoot({ …, autoLoadEntities: true }).',
      });
    },
  );

  it('by the DataSource of the host with its own error', async () => {
    const typeOrm = TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: fileOf(await scratchDatabase(createBareSqlite)),
      fileMustExist: true,
      retryAttempts: 0,
      autoLoadEntities: true,
    });
    const live = LiveCallbackModule.forRoot({ keys: KEY });
    for (const imports of [
      [typeOrm, live],
      [live, typeOrm],
    ]) {
      const { message } = await errorOfStart(startWith(imports, {}));
      expect(message).toBe('unable to open database file');
    }
  });
});
