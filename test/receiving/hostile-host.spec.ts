/**
 * Hosts that get in the way, with all means that Nest gives them: status and body of the callback
 * routes stay the module's own, a failed store never leaves as 200, and the host's own routes keep
 * their parsing, limits and filters.
 */
import {
  Body,
  Catch,
  Controller,
  Get,
  HttpException,
  Injectable,
  Post,
  Req,
  ValidationPipe,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type MiddlewareConsumer,
  type NestApplicationOptions,
  type NestInterceptor,
  type NestMiddleware,
  type ModuleMetadata,
  type NestModule,
  RequestMethod,
} from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import Database from 'better-sqlite3';
import { IsInt } from 'class-validator';
import express from 'express';
import { LoggerModule } from 'nestjs-pino';
import { catchError, map, of, type Observable } from 'rxjs';
import type { DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { LiveCallbackAuditService, LiveCallbackModule } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS, KEY, startHost, type AdapterName, type Answer } from '../support/application.js';
import { createSqlite, type TestDatabase } from '../support/databases.js';
import { fileOf, scratchDatabase } from '../support/scratch.js';

class EchoDto {
  @IsInt()
  n!: number;
}

@Controller('echo')
class EchoController {
  @Post()
  echo(@Body() body: unknown) {
    return { body: body ?? null };
  }

  @Post('typed')
  typed(@Body() body: EchoDto) {
    return { n: body.n };
  }

  @Post('raw')
  raw(@Req() request: { rawBody?: Buffer }) {
    return { raw: request.rawBody?.toString() ?? null };
  }

  @Get('failing')
  failing() {
    throw new HttpException('no', 418);
  }
}

/** The "HTTP 200 plus code" style. */
@Catch()
@Injectable()
class AlwaysOkFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(_error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<object>();
    this.adapterHost.httpAdapter.reply(response, { code: -1 }, 200);
  }
}

class WrappingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ success: true, data })));
  }
}

class SwallowingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError(() => of({ success: true })));
  }
}

class AnsweringInterceptor implements NestInterceptor {
  intercept(): Observable<unknown> {
    return of({ cached: true });
  }
}

class HeaderMiddleware implements NestMiddleware {
  use(_request: unknown, response: NodeJS.Dict<unknown>, next: () => void): void {
    (response as unknown as { setHeader(name: string, value: string): void }).setHeader(
      'x-host',
      'seen',
    );
    next();
  }
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const strictPipe = () =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    validateCustomDecorators: true,
  });

interface Hostility {
  readonly name: string;
  readonly application?: NestApplicationOptions;
  /** Adapter that the host made itself. */
  readonly adapters?: Partial<Record<AdapterName, () => ExpressAdapter | FastifyAdapter>>;
  readonly only?: AdapterName;
  /** Further modules of the host. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  configure?(app: INestApplication): void;
  /** What the host's own route then answers to 21 bytes of JSON. */
  readonly echo?: Partial<Answer>;
}

const TOO_LARGE: Partial<Answer> = { status: 413 };

const HOSTILITIES: Hostility[] = [
  { name: 'nothing', echo: { status: 201, text: '{"body":{"n":1,"m":"abcdefg"}}' } },
  {
    name: 'a strict global ValidationPipe',
    configure: (app) => void app.useGlobalPipes(strictPipe()),
  },
  {
    name: 'a global filter that answers every error with 200',
    configure: (app) => void app.useGlobalFilters(new AlwaysOkFilter(app.get(HttpAdapterHost))),
  },
  {
    name: 'an interceptor that wraps every answer',
    configure: (app) => void app.useGlobalInterceptors(new WrappingInterceptor()),
    echo: { text: '{"success":true,"data":{"body":{"n":1,"m":"abcdefg"}}}' },
  },
  {
    name: 'an interceptor that swallows every error',
    configure: (app) => void app.useGlobalInterceptors(new SwallowingInterceptor()),
  },
  {
    name: 'all of these together',
    configure: (app) =>
      void app
        .useGlobalPipes(strictPipe())
        .useGlobalFilters(new AlwaysOkFilter(app.get(HttpAdapterHost)))
        .useGlobalInterceptors(new WrappingInterceptor(), new SwallowingInterceptor()),
  },
  {
    name: 'bodyParser: false',
    application: { bodyParser: false },
  },
  {
    name: 'rawBody: true',
    application: { rawBody: true },
    echo: { status: 201, text: '{"body":{"n":1,"m":"abcdefg"}}' },
  },
  {
    name: 'bodies of 10 bytes at most',
    application: { bodyParser: false },
    configure: (app) => {
      if (app.getHttpAdapter().getType() === 'express') {
        (app as NestExpressApplication).useBodyParser('json', { limit: 10 });
      } else {
        (app as NestFastifyApplication).useBodyParser('application/json', { bodyLimit: 10 });
      }
    },
    echo: TOO_LARGE,
  },
  {
    name: 'a Fastify made with bodyLimit 10',
    only: 'fastify',
    adapters: { fastify: () => new FastifyAdapter({ bodyLimit: 10 }) },
    echo: TOO_LARGE,
  },
  {
    name: 'a Fastify parser for every media type',
    only: 'fastify',
    application: { bodyParser: false },
    configure: (app) => {
      const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
      fastify.removeAllContentTypeParsers();
      fastify.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
        done(null, { text: body }),
      );
    },
    echo: { status: 201, text: '{"body":{"text":"{\\"n\\":1,\\"m\\":\\"abcdefg\\"}"}}' },
  },
  {
    name: 'app.use(express.json()) before the module',
    only: 'express',
    configure: (app) => void app.use(express.json({ limit: 10 })),
    echo: TOO_LARGE,
  },
  {
    name: 'an Express that parses already',
    only: 'express',
    adapters: {
      express: () => {
        const instance = express();
        instance.use(express.json({ limit: 10 }), express.text({ type: '*/*' }));
        return new ExpressAdapter(instance);
      },
    },
    echo: TOO_LARGE,
  },
  {
    name: 'nestjs-pino in its default set-up',
    imports: [LoggerModule.forRoot({ pinoHttp: { level: 'silent' } })],
  },
  {
    name: 'middleware that is bound to a method',
    get imports() {
      return [MethodBoundModule];
    },
  },
  {
    name: 'an Express whose first route is for everything, and passes on',
    only: 'express',
    adapters: {
      express: () => {
        const instance = express();
        instance.all('/{*any}', (_request, _response, next) => next());
        return new ExpressAdapter(instance);
      },
    },
  },
];

class MethodBoundModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: unknown, _response: unknown, next: () => void) => next())
      .forRoutes({ path: '{*all}', method: RequestMethod.ALL });
  }
}

interface HostileHost {
  readonly app: INestApplication;
  readonly database: string;
  readonly post: (path: string, body: string, headers?: Record<string, string>) => Promise<Answer>;
}

class HostModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(HeaderMiddleware).forRoutes('{*all}');
  }
}

async function startHostile(
  adapter: AdapterName,
  hostility: Hostility,
  database: DataSourceOptions,
): Promise<HostileHost> {
  const make =
    hostility.adapters?.[adapter] ??
    (() => (adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter()));
  const app = await NestFactory.create(
    {
      module: HostModule,
      imports: [LiveCallbackModule.forRoot({ keys: KEY, database }), ...(hostility.imports ?? [])],
      controllers: [EchoController],
    },
    make() as ExpressAdapter,
    { logger: false, abortOnError: false, forceCloseConnections: true, ...hostility.application },
  );
  hostility.configure?.(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    database: fileOf(database),
    post: async (path, body, headers = JSON_HEADERS) => {
      const response = await fetch(url + path, { method: 'POST', headers, body });
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
  };
}

/** One of which only one test knows. */
async function scratchHostile(adapter: AdapterName, hostility: Hostility): Promise<HostileHost> {
  const host = await startHostile(adapter, hostility, await scratchDatabase());
  onTestFinished(() => host.app.close());
  return host;
}

/** Makes every later store fail for real. */
function refuseCallbacks(file: string): void {
  const second = new Database(file);
  second.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON live_callback BEGIN SELECT raise(ABORT, 'no'); END",
  );
  second.close();
}

const push = (fields = {}) => signCallback(streamPushCallback(fields), { key: KEY }).body;
const reply = (code: number) => ({
  status: code === 0 ? 200 : code,
  text: JSON.stringify({ code }),
});

describe.each(ADAPTERS)('on %s', (adapter) => {
  const hostilities = HOSTILITIES.filter(({ only = adapter }) => only === adapter);
  describe.each(hostilities)('a host with $name', (hostility) => {
    let scratch: TestDatabase;
    let host: HostileHost;

    beforeAll(async () => {
      scratch = await createSqlite();
      host = await startHostile(adapter, hostility, scratch.options);
    });

    afterAll(async () => {
      await host?.app.close();
      await scratch?.drop();
    });

    it('changes nothing on the callback routes', async () => {
      const { app, post } = host;
      const forged = signCallback(streamPushCallback(), { key: 'another-key-of-16' }).body;
      const spaced = push().replace('{', '{ \n\t');
      for (const path of ['/live-callback', '/live-callback/stream-push']) {
        expect(await post(path, push())).toMatchObject(reply(0));
        expect(await post(path, push({ undocumented: { deep: [1] } }))).toMatchObject(reply(0));
        expect(await post(path, push({ event_type: 987 }))).toMatchObject(reply(0));
        expect(await post(path, push({ errmsg: '长'.repeat(60_000) }))).toMatchObject(reply(0));
        expect(await post(path, forged)).toMatchObject(reply(401));
        expect(await post(path, '{}')).toMatchObject(reply(401));
        expect(await post(path, '{"')).toMatchObject(reply(400));
        expect(await post(path, '[]')).toMatchObject(reply(400));
        expect(await post(path, 'x'.repeat(300_000))).toMatchObject(reply(413));
        for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
          const headers = { 'content-type': type };
          expect(await post(path, push(), headers)).toMatchObject(reply(415));
        }
      }
      expect(await post('/live-callback', spaced)).toMatchObject(reply(0));
      const audit = app.get(LiveCallbackAuditService, { strict: false });
      const { items } = await audit.find();
      expect(items).toHaveLength(9);
      expect((await audit.get(items[0]!.id))?.body).toBe(spaced);
    });

    it('keeps its own routes as it made them', async () => {
      const { post } = host;
      const answer = await post('/echo', '{"n":1,"m":"abcdefg"}');
      expect(answer).toMatchObject(hostility.echo ?? { status: 201 });
      // Express parses before it comes to middleware.
      expect(answer.headers.get('x-host')).toBe(
        adapter === 'express' && answer.status === 413 ? null : 'seen',
      );
    });

    // Last, for it breaks the database.
    it('never turns a failed store into a success', async () => {
      const { database, post } = host;
      refuseCallbacks(database);
      expect(await post('/live-callback', push())).toMatchObject(reply(503));
      expect(await post('/live-callback/stream-push', push())).toMatchObject(reply(503));
    });
  });

  it('a callback passes through global middleware once', async () => {
    const { post } = await scratchHostile(adapter, { name: 'nothing' });
    const answer = await post('/live-callback', push());
    expect(answer).toMatchObject(reply(0));
    expect(answer.headers.get('x-host')).toBe('seen');
  });

  it("the host's own pipe still judges the host's own bodies", async () => {
    const { post } = await scratchHostile(adapter, {
      name: 'a strict pipe',
      configure: (app) => void app.useGlobalPipes(strictPipe()),
    });
    expect(await post('/echo/typed', '{"n":1}')).toMatchObject({ status: 201, text: '{"n":1}' });
    expect(await post('/echo/typed', '{"n":1,"x":2}')).toMatchObject({ status: 400 });
    expect(await post('/echo/typed', '{"n":"one"}')).toMatchObject({ status: 400 });
  });

  it("the host's own filter still answers the host's own errors", async () => {
    const { app, post } = await scratchHostile(adapter, {
      name: 'a filter',
      configure: (host) =>
        void host.useGlobalFilters(new AlwaysOkFilter(host.get(HttpAdapterHost))),
    });
    const failing = await fetch(`${await app.getUrl()}/echo/failing`);
    expect([failing.status, await failing.text()]).toEqual([200, '{"code":-1}']);
    expect(await post('/echo', '{"')).toMatchObject({ status: 200, text: '{"code":-1}' });
  });

  it("the host's own raw bodies are still there with rawBody: true", async () => {
    const { post } = await scratchHostile(adapter, {
      name: 'rawBody',
      application: { rawBody: true },
    });
    expect(await post('/echo/raw', '{ "n" : 1 }')).toMatchObject({
      status: 201,
      text: '{"raw":"{ \\"n\\" : 1 }"}',
    });
  });

  it("the host's own routes have no parser with bodyParser: false", async () => {
    const { post } = await scratchHostile(adapter, {
      name: 'bodyParser',
      application: { bodyParser: false },
    });
    const { text } = await post('/echo', '{"n":1}');
    // Fastify parses JSON by itself, whatever Nest registers.
    expect(text).toBe(adapter === 'express' ? '{"body":null}' : '{"body":{"n":1}}');
  });
});

describe.concurrent('an interceptor that answers in place of the controller', () => {
  it.each(ADAPTERS)('leads to 503 after the own deadline on %s', async (adapter) => {
    const database = await createSqlite();
    const host = await startHost({
      adapter,
      database: database.options,
      configure: (app) => void app.useGlobalInterceptors(new AnsweringInterceptor()),
    });
    expect(await host.send(signCallback(streamPushCallback(), { key: KEY }))).toMatchObject(
      reply(503),
    );
    const { items } = await host.app.get(LiveCallbackAuditService, { strict: false }).find();
    expect(items).toEqual([]);
    await host.close();
    await database.drop();
  });
});
