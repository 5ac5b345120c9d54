/**
 * The OpenAPI document: valid by a validator of its own, its schemas true of what CSS sends and of what the
 * audit API answers, its parameters those that the API takes.
 */
import { SwaggerModule, DocumentBuilder } from '@nestjs/swagger';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Controller, Get, RequestMethod, type INestApplication } from '@nestjs/common';
import { ApiExcludeController, ApiOkResponse, ApiProperty } from '@nestjs/swagger';
import { describe, expect, it } from 'vitest';

import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';
import {
  withLiveCallbackOpenApi,
  type LiveCallbackOpenApiOptions,
} from '../../src/openapi/index.js';
import { LiveCallbackAuditService, OnLiveEvent } from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { ADAPTERS, KEY, type Host } from '../support/application.js';
import { MIX } from '../support/custom-kinds.js';
import { samplesOf } from '../support/documented-samples.js';
import { scratchHost } from '../support/scratch.js';

const TOKENS = {
  token: 'TokenOfThoseWhoAct',
  readToken: 'TokenOfThoseWhoRead',
  revealToken: 'TokenOfThoseWhoReveal',
};

class Order {
  @ApiProperty({ nullable: true, type: String })
  note!: string | null;
}

@Controller('orders')
class OrdersController {
  @Get()
  @ApiOkResponse({ type: Order })
  list(): Order[] {
    return [];
  }
}

class Listeners {
  @OnLiveEvent('stream-push', { id: 'broken', attempts: 1 })
  broken(): void {
    throw new Error('never');
  }
}

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string }[];
  security?: Record<string, string[]>[];
  responses: Record<string, { content?: { 'application/json': { schema: { $ref: string } } } }>;
  requestBody?: { content: { 'application/json': { schema: object } } };
}

interface Document {
  openapi: string;
  paths: Record<string, Record<'get' | 'post', Operation>>;
  webhooks: Record<string, { post: Operation }>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

const plain = (app: INestApplication) =>
  SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Host').build());
const documentOf = (host: Host, options?: LiveCallbackOpenApiOptions) =>
  withLiveCallbackOpenApi(host.app, plain(host.app), options) as unknown as Document;

/** Says what of a value does not fit a schema of a document. */
function checkerOf(document: Document): (schema: object, value: unknown) => unknown[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ components: document.components, $id: 'document' });
  const checks = new Map<string, ReturnType<typeof ajv.compile>>();
  return (schema, value) => {
    const text = JSON.stringify(schema).replaceAll('"#/', '"document#/');
    const check = checks.get(text) ?? ajv.compile(JSON.parse(text) as object);
    checks.set(text, check);
    void check(value);
    return check.errors ?? [];
  };
}

const success = ({ responses }: Operation) => responses['200']!.content!['application/json'].schema;

describe.each(ADAPTERS)('on %s', (adapter) => {
  const start = (options: object = {}, configure?: (app: INestApplication) => void) =>
    scratchHost({
      adapter,
      options: { audit: TOKENS, ...options },
      module: { controllers: [OrdersController], providers: [Listeners] },
      configure,
    });

  it('a document is valid OpenAPI 3.1 with every kind, the audit API, and what the host had', async () => {
    const host = await start();
    const before = plain(host.app);
    const document = documentOf(host);
    const { valid, errors } = await new Validator().validate(document as never);
    expect([valid, errors]).toEqual([true, undefined]);
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.webhooks)).toEqual(EVENT_DEFINITIONS.map(({ kind }) => kind));
    expect(Object.keys(document.paths)).toEqual([
      '/orders',
      ...['callbacks', 'callbacks/{id}', 'callbacks/{id}/replay', 'callbacks/{id}/discard'].map(
        (path) => `/live-callback/audit/${path}`,
      ),
      '/live-callback/audit/erasures',
      '/live-callback/audit/rejections',
      '/live-callback/audit/sessions',
      '/live-callback/audit/sessions/{id}',
      '/live-callback/audit/sessions/rebuild',
      ...['standing', 'callbacks/{id}/variants', 'listeners'].map(
        (path) => `/live-callback/audit/${path}`,
      ),
      ...['pause', 'resume'].map((path) => `/live-callback/audit/listeners/${path}`),
      ...['refusals', 'dead-letters'].map((path) => `/live-callback/audit/${path}`),
      ...['count', 'replay', 'discard'].map((path) => `/live-callback/audit/dead-letters/${path}`),
      '/live-callback/audit/stats',
    ]);
    const shown = await start({
      audit: { ...TOKENS, decorators: [ApiExcludeController(false)] },
    });
    const routes = plain(shown.app).paths as Document['paths'];
    for (const [path, item] of Object.entries(document.paths)) {
      const methods = Object.keys(item).filter((key) => key === 'get' || key === 'post');
      expect([path, methods]).toEqual([path, Object.keys(routes[path] ?? {})]);
    }
    expect(Object.keys(document.paths).toSorted()).toEqual(Object.keys(routes).toSorted());
    expect(document.components.schemas['Order']).toMatchObject({
      properties: { note: { type: ['string', 'null'] } },
    });
    expect(plain(host.app)).toEqual(before);
  });

  it('what CSS documents of a kind fits its webhook, and what is unfit does not', async () => {
    const document = documentOf(await start());
    const complaintsOf = checkerOf(document);
    const pair = { t: 1_800_000_000, sign: '0'.repeat(32) };
    for (const { kind } of EVENT_DEFINITIONS) {
      const { schema } = document.webhooks[kind]!.post.requestBody!.content['application/json'];
      for (const { file, text } of samplesOf(kind)) {
        const sample = { ...(JSON.parse(text) as object), ...pair };
        expect([file, complaintsOf(schema, sample)]).toEqual([file, []]);
      }
      expect([kind, complaintsOf(schema, {})]).not.toEqual([kind, []]);
    }
    const push = document.webhooks['stream-push']!.post.requestBody!.content['application/json'];
    const unfit = { ...streamPushCallback(), ...pair, stream_id: { a: 1 } };
    expect(complaintsOf(push.schema, unfit)).toMatchObject([
      { instancePath: '/stream_id', keyword: 'type' },
    ]);
  });

  it('what the audit API answers fits its schemas, with the properties that they name', async () => {
    const host = await start();
    const document = documentOf(host);
    const complaintsOf = checkerOf(document);
    const push = streamPushCallback();
    await host.send(signCallback(push, { key: KEY }));
    await host.send(signCallback(push, { key: 'AnotherKeyAltogether' }));
    await whenListenersDone(host.app);
    await host.app.get(RejectionRecorder, { strict: false }).flush();
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    const [row] = (await audit.find()).items;
    const [id = ''] = [row?.id];
    const ask = async (path: string, token = TOKENS.token, body?: object) => {
      const response = await fetch(`${host.url}/live-callback/audit/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      });
      expect([path, response.status]).toEqual([path, 200]);
      return (await response.json()) as object;
    };
    const operation = (path: string, method: 'get' | 'post' = 'get') =>
      document.paths[`/live-callback/audit/${path}`]![method];
    const fits = (of: Operation, answer: object) => {
      expect([of.operationId, complaintsOf(success(of), answer)]).toEqual([of.operationId, []]);
    };
    for (const path of ['callbacks', 'rejections', 'stats']) {
      const answer = (await ask(path)) as { items: object[] };
      expect([path, answer.items.length]).toEqual([path, 1]);
      fits(operation(path), answer);
    }
    const replay = { reason: 'tried again' };
    fits(
      operation('callbacks/{id}/replay', 'post'),
      await ask(`callbacks/${id}/replay`, TOKENS.token, replay),
    );
    await whenListenersDone(host.app);
    await expect
      .poll(async () => (await audit.get(id))?.deliveries[0]?.state, { timeout: 10_000 })
      .toBe('dead');
    for (const path of [
      'standing',
      'listeners',
      'refusals',
      'dead-letters',
      'dead-letters/count',
    ]) {
      fits(operation(path), await ask(path));
    }
    fits(operation('callbacks/{id}/variants'), await ask(`callbacks/${id}/variants`));
    for (const act of ['replay', 'discard'] as const) {
      const order = { ...replay, filter: { listener: 'nobody' } };
      const answer = await ask(`dead-letters/${act}`, TOKENS.token, order);
      fits(operation(`dead-letters/${act}`, 'post'), answer);
    }
    fits(
      operation('callbacks/{id}/discard', 'post'),
      await ask(`callbacks/${id}/discard`, TOKENS.token, replay),
    );
    const erasure = { reason: 'asked to', stream: push.stream_id };
    const receipt = await ask('erasures', TOKENS.token, erasure);
    fits(operation('erasures', 'post'), receipt);
    const detail = await ask(`callbacks/${id}?reveal=body`, TOKENS.revealToken);
    fits(operation('callbacks/{id}'), detail);
    const { schemas } = document.components;
    const named = (name: string) =>
      Object.keys((schemas[`LiveCallback.${name}`] as { properties: object }).properties);
    expect(named('CallbackDetail').toSorted()).toEqual(Object.keys(detail).toSorted());
    expect(named('ErasureReceipt').toSorted()).toEqual(Object.keys(receipt).toSorted());
    expect(named('CallbackRow').toSorted()).toEqual(Object.keys(row!).toSorted());
  });

  it('what it answers about sessions fits too', async () => {
    const host = await start({ sessions: {} });
    const document = documentOf(host);
    const complaintsOf = checkerOf(document);
    await host.send(signCallback(streamPushCallback(), { key: KEY }));
    await whenListenersDone(host.app);
    const ask = async (path: string) => {
      const response = await fetch(`${host.url}/live-callback/audit/${path}`, {
        headers: { authorization: `Bearer ${TOKENS.readToken}` },
      });
      return (await response.json()) as { items: { id: string }[] };
    };
    const schemaOf = (path: string) => success(document.paths[`/live-callback/audit/${path}`]!.get);
    const list = await ask('sessions');
    expect(list.items).toHaveLength(1);
    expect(complaintsOf(schemaOf('sessions'), list)).toEqual([]);
    const detail = await ask(`sessions/${list.items[0]!.id}`);
    expect(complaintsOf(schemaOf('sessions/{id}'), detail)).toEqual([]);
    const named = document.components.schemas['LiveCallback.SessionDetail'] as {
      properties: object;
    };
    expect(Object.keys(named.properties).toSorted()).toEqual(Object.keys(detail).toSorted());
  });

  it('lists the parameters that the API takes, and the rights that it asks for', async () => {
    const host = await start();
    const { paths } = documentOf(host);
    const asking = ['callbacks', 'callbacks/{id}', 'rejections', 'stats', 'refusals'];
    for (const path of [...asking, 'dead-letters/count']) {
      const operation = paths[`/live-callback/audit/${path}`]!.get;
      const answer = await fetch(
        `${host.url}/live-callback/audit/${path.replace('{id}', 'any')}?stranger=1`,
        { headers: { authorization: `Bearer ${TOKENS.token}` } },
      );
      const { message } = (await answer.json()) as { message: string };
      const [, known = ''] = /known are (.*)$/.exec(message) ?? [];
      const listed = operation.parameters!.filter((parameter) => parameter.in === 'query');
      expect(listed.map(({ name }) => name)).toEqual(known.split(', '));
      const schemes = operation.security!.flatMap((scheme) => Object.keys(scheme));
      expect(schemes).toEqual(['liveCallbackAct', 'liveCallbackRead', 'liveCallbackReveal']);
    }
    const replay = paths['/live-callback/audit/callbacks/{id}/replay']!.post;
    expect(replay.security).toEqual([{ liveCallbackAct: [] }]);
  });

  it('follows the global prefix, the path and the name of a registration, and its kinds', async () => {
    const host = await start(
      { path: 'css/live', name: 'tenant-a', kinds: [MIX], urlToken: 'UrlTokenOfTheTest' },
      (app) => app.setGlobalPrefix('api', { exclude: [{ path: 'x', method: RequestMethod.GET }] }),
    );
    const document = documentOf(host);
    expect((await new Validator().validate(document as never)).errors).toBeUndefined();
    const stats = '/api/css/live/audit/stats';
    expect((await fetch(host.url + stats)).status).toBe(401);
    expect(document.paths[stats]?.get.operationId).toBe('liveCallbackAudit.tenant-a.stats');
    expect(document.webhooks[MIX.kind]?.post.security).toEqual([{ liveCallbackUrlToken: [] }]);
    expect(document.components.schemas['LiveCallback.MixDto']).toMatchObject({
      properties: { mix_id: { type: 'string' }, event_time: { type: 'integer' } },
      required: ['event_time', 'mix_id', 'layout', 'inputs'],
    });
  });

  it('a host leaves out what it does not want, and has nothing of a worker', async () => {
    const host = await start();
    expect(documentOf(host, { audit: false })).toMatchObject({ paths: { '/orders': {} } });
    expect(Object.keys(documentOf(host, { audit: false }).paths)).toEqual(['/orders']);
    expect(documentOf(host, { webhooks: false }).webhooks).toEqual({});
    const worker = await scratchHost({ adapter, options: { role: 'worker', keys: undefined } });
    expect(documentOf(worker)).toMatchObject({ webhooks: {}, paths: {} });
  });

  it('without tokens the guards of the host decide, and the document says nothing of them', async () => {
    class Guard {
      canActivate(): boolean {
        return true;
      }
    }
    const { paths, components } = documentOf(await start({ audit: { guards: [Guard] } }));
    expect(paths['/live-callback/audit/stats']?.get.security).toBeUndefined();
    expect(components.securitySchemes).toEqual({});
  });
});
