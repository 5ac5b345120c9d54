/**
 * What hosts have beside the module, with the packages that they have it from: a global auth guard, a
 * throttler, Swagger, an interceptor that wraps every answer, a filter that shapes every error, pipes.
 */
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Injectable,
  SetMetadata,
  ValidationPipe,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost, Reflector } from '@nestjs/core';
import { ApiExcludeController, ApiTags, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { SkipThrottle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { map, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';

import { LiveCallbackAuditService, type LiveCallbackModuleOptions } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { cli } from '../cli/cli-support.js';
import { ADAPTERS, KEY, type Host } from '../support/application.js';
import { scratchHost } from '../support/scratch.js';

const TOKEN = 'TokenOfTheAuditApi';
const headers = { authorization: `Bearer ${TOKEN}` };
const push = () => signCallback(streamPushCallback(), { key: KEY });
const audit = (host: Host, path = 'callbacks') =>
  fetch(`${host.url}/live-callback/audit/${path}`, { headers });

const Public = () => SetMetadata('isPublic', true);

/** What @nestjs/jwt and its like come to: everything needs a JWT, unless it is marked. */
@Injectable()
class JwtGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    return this.reflector.getAllAndOverride<boolean>('isPublic', targets) ?? false;
  }
}

@Controller('orders')
class OrdersController {
  @Get()
  list() {
    return [];
  }
}

@Injectable()
class WrapInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ code: 0, data })));
  }
}

/** Gives every error a shape of the host. */
@Catch()
class ShapeFilter implements ExceptionFilter {
  constructor(private readonly adapters: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const body = { code: status, msg: error instanceof Error ? error.message : 'unknown' };
    this.adapters.httpAdapter.reply(host.switchToHttp().getResponse(), body, status);
  }
}

describe.each(ADAPTERS)('on %s', (adapter) => {
  const start = (options: Partial<LiveCallbackModuleOptions>, module: object = {}) =>
    scratchHost({ adapter, options, module });

  describe('a global auth guard', () => {
    const module = { providers: [{ provide: APP_GUARD, useClass: JwtGuard }] };

    it('knows no token of the audit API, and keeps its bearers out', async () => {
      const host = await start({ decorators: [Public()], audit: { token: TOKEN } }, module);
      expect((await audit(host)).status).toBe(403);
      expect((await host.send(push())).status).toBe(200);
    });

    it('lets them through to the token with audit.decorators', async () => {
      const decorators = [Public()];
      const host = await start({ decorators, audit: { token: TOKEN, decorators } }, module);
      expect((await audit(host)).status).toBe(200);
      expect((await fetch(`${host.url}/live-callback/audit/callbacks`)).status).toBe(401);
    });
  });

  describe('a global ThrottlerGuard', () => {
    const module = {
      imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 2 }])],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    };
    const four = async (ask: () => Promise<{ status: number }>) => {
      const statuses: number[] = [];
      for (let count = 0; count < 4; count++) statuses.push((await ask()).status);
      return statuses;
    };

    it('answers CSS and the audit API with 429', async () => {
      const host = await start({ audit: { token: TOKEN } }, module);
      expect(await four(() => host.send(push()))).toEqual([200, 200, 429, 429]);
      expect(await four(() => audit(host))).toEqual([200, 200, 429, 429]);
    });

    it('leaves both alone with SkipThrottle() among their decorators', async () => {
      const decorators = [SkipThrottle()];
      const host = await start({ decorators, audit: { token: TOKEN, decorators } }, module);
      expect(await four(() => host.send(push()))).toEqual([200, 200, 200, 200]);
      expect(await four(() => audit(host))).toEqual([200, 200, 200, 200]);
    });
  });

  describe('@nestjs/swagger', () => {
    const module = { controllers: [OrdersController] };
    const documentOf = ({ app }: Host) =>
      SwaggerModule.createDocument(app, new DocumentBuilder().build());

    it('documents the API of the host alone', async () => {
      const host = await start({ audit: { token: TOKEN } }, module);
      expect(Object.keys(documentOf(host).paths)).toEqual(['/orders']);
    });

    it('documents more where the decorators say so', async () => {
      const show = [ApiExcludeController(false), ApiTags('live')];
      const host = await start({ decorators: show, audit: { token: TOKEN } }, module);
      const { paths } = documentOf(host);
      expect(Object.keys(paths)).toContain('/live-callback/stream-push');
      expect(Object.keys(paths).filter((path) => path.includes('audit'))).toEqual(
        Object.keys(paths).filter((path) => path.endsWith('-audit')),
      );
      expect(paths['/live-callback/stream-push']?.post?.tags).toEqual(['live']);
      const decorators = [ApiExcludeController(false)];
      const other = await start({ audit: { token: TOKEN, decorators } }, module);
      expect(Object.keys(documentOf(other).paths)).toContain('/live-callback/audit/stats');
    });
  });

  it('interceptor, filter and pipes of the host are at work in the audit API, and not in the answers to CSS', async () => {
    const host = await scratchHost({
      adapter,
      options: { audit: { token: TOKEN } },
      configure: (app) =>
        void app
          .useGlobalInterceptors(new WrapInterceptor())
          .useGlobalFilters(new ShapeFilter(app.get(HttpAdapterHost)))
          .useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true })),
    });
    expect(await host.send(push())).toMatchObject({ status: 200, text: '{"code":0}' });
    expect(await (await audit(host)).json()).toMatchObject({
      code: 0,
      data: { items: [{ kind: 'stream-push' }], nextCursor: null },
    });
    const strange = await audit(host, 'callbacks?limit=0');
    expect([strange.status, await strange.json()]).toEqual([
      400,
      { code: 400, msg: 'limit must be an integer from 1 to 500' },
    ]);
  });

  it('the command line reads answers that an interceptor of the host wraps', async () => {
    const host = await scratchHost({
      adapter,
      options: { audit: { token: TOKEN } },
      configure: (app) =>
        void app
          .useGlobalInterceptors(new WrapInterceptor())
          .useGlobalFilters(new ShapeFilter(app.get(HttpAdapterHost))),
    });
    await host.send(push());
    const [row] = (await host.app.get(LiveCallbackAuditService, { strict: false }).find()).items;
    const env = {
      LIVE_CALLBACK_URL: `${host.url}/live-callback`,
      LIVE_CALLBACK_ADMIN_TOKEN: TOKEN,
    };
    const run = (...args: string[]) => cli(['audit', ...args], { env });
    expect((await run('list')).stdout).toContain(row?.id);
    expect((await run('list', '--all', '--json')).stdout).toContain(row?.id);
    expect((await run('show', row?.id ?? '')).stdout).toContain('stream-push');
    expect((await run('rejections')).stderr).toBe('No request was refused.\n');
    expect((await run('replay', row?.id ?? '', '--reason', 'x')).code).toBe(0);
    const nobody = await run('show', '01a20579-86b8-7000-8000-01237f3ccc87');
    expect(nobody).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no callback'),
    });
    expect(await run('list', '--cursor', 'x')).toMatchObject({ code: 2 });
  });
});
