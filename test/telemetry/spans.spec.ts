/**
 * Spans of listeners, exported to memory: each is linked to the span of the request that brought the event,
 * in this process or another, and is what the listener runs in. Nothing of the request is.
 */
import type { IncomingMessage, Server } from 'node:http';

import { Injectable, type INestApplication } from '@nestjs/common';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { beforeEach, describe, expect, it } from 'vitest';

import {
  LiveCallback,
  OnLiveEvent,
  type LiveCallbackModuleOptions,
  type LiveEvent,
} from '../../src/index.js';
import { LiveCallbackTelemetryModule } from '../../src/telemetry/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { ADAPTERS, KEY, type Host, type StartOptions } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { FEATURE_DATABASES } from '../support/databases.js';
import { scratchConnection, scratchDatabase, scratchHost } from '../support/scratch.js';

const LISTENER = 'Traced.onPush';

@Injectable()
class Traced {
  readonly seen: { event: LiveEvent; active: string | undefined }[] = [];

  @OnLiveEvent('stream-push', { attempts: 2, backoffMs: 1, timeoutMs: 200 })
  async onPush(event: LiveEvent<'stream-push'>): Promise<void> {
    this.seen.push({ event, active: trace.getSpanContext(context.active())?.spanId });
    await Promise.resolve();
    trace.getTracer('host').startSpan(`work on ${event.data.stream_id}`).end();
    if (event.data.stream_id === 'failing' && event.attempt === 1) {
      throw new RangeError('no room');
    }
    if (event.data.stream_id === 'endless') await new Promise(() => {});
  }
}

/** What a host sets up that traces: a provider, contexts and a propagator. */
function startSdk(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const contexts = new AsyncLocalStorageContextManager().enable();
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(contexts);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  onTestFinished(() => {
    trace.disable();
    context.disable();
    propagation.disable();
    contexts.disable();
  });
  return exporter;
}

/** A span around each request, as the instrumentation of HTTP puts it there. */
function instrumentHttp(app: INestApplication): void {
  const server = app.getHttpServer() as Server;
  const emit = server.emit.bind(server) as (name: string, ...given: unknown[]) => boolean;
  server.emit = (name: string, ...given: unknown[]): boolean => {
    if (name !== 'request') return emit(name, ...given);
    const { headers } = given[0] as IncomingMessage;
    const from = propagation.extract(ROOT_CONTEXT, headers);
    const span = trace.getTracer('http').startSpan('POST', { kind: SpanKind.SERVER }, from);
    (given[1] as Server).once('close', () => span.end());
    return context.with(trace.setSpan(from, span), () => emit(name, ...given));
  };
}

const push = (stream_id = 'room-7') =>
  signCallback(streamPushCallback({ stream_id }), { key: KEY });

describe.each(ADAPTERS)('on %s', (adapter) => {
  let exporter: InMemorySpanExporter;
  beforeEach(() => {
    exporter = startSdk();
  });

  const start = (
    more: Partial<StartOptions> = {},
    options: Partial<LiveCallbackModuleOptions> = {},
  ) =>
    scratchHost({
      adapter,
      options,
      module: { imports: [LiveCallbackTelemetryModule.register()], providers: [Traced] },
      ...more,
    });
  const seenBy = ({ app }: Host) => app.get(Traced).seen;
  const spans = (name: string) =>
    exporter.getFinishedSpans().filter((span) => span.name.startsWith(name));

  it('a run is a span of its own that is linked to the span of the request', async () => {
    const host = await start({ configure: instrumentHttp });
    await host.send(push());
    await whenListenersDone(host.app);
    await expect.poll(() => spans('POST').length).toBe(1);
    const [request] = spans('POST');
    const [run] = spans('process');
    const { traceId, spanId } = request!.spanContext();
    expect(run!.links).toMatchObject([{ context: { traceId, spanId, isRemote: true } }]);
    expect(run!.parentSpanContext).toBeUndefined();
    expect(run!.spanContext().traceId).not.toBe(traceId);
    const [{ event, active }] = seenBy(host) as [{ event: LiveEvent; active: string }];
    expect(active).toBe(run!.spanContext().spanId);
    expect(event.traceparent).toBe(`00-${traceId}-${spanId}-01`);
    expect(run).toMatchObject({
      name: 'process stream-push',
      kind: SpanKind.CONSUMER,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'messaging.system': 'live_callback',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'stream-push',
        'messaging.consumer.group.name': LISTENER,
        'messaging.message.id': event.id,
        'cloudevents.event_id': event.id,
        'live_callback.attempt': 1,
      },
    });
    expect(spans('work on')[0]!.parentSpanContext?.spanId).toBe(run!.spanContext().spanId);
  });

  it('runs side by side have contexts of their own', async () => {
    const host = await start({ configure: instrumentHttp });
    const rooms = Array.from({ length: 20 }, (_, index) => `room-${index}`);
    await Promise.all(rooms.map((room) => host.send(push(room))));
    await whenListenersDone(host.app);
    expect(spans('process').length).toBe(20);
    const runs = new Map(spans('process').map((span) => [span.spanContext().spanId, span]));
    expect(new Set(seenBy(host).map(({ active }) => active))).toEqual(new Set(runs.keys()));
    for (const { event, active } of seenBy(host)) {
      const run = runs.get(active!)!;
      expect(run.attributes['cloudevents.event_id']).toBe(event.id);
      expect(event.traceparent).toContain(run.links[0]!.context.spanId);
    }
    for (const work of spans('work on')) {
      const run = runs.get(work.parentSpanContext!.spanId)!;
      const { event } = seenBy(host).find(({ active }) => active === run.spanContext().spanId)!;
      expect(work.name).toBe(`work on ${event.stream.name}`);
    }
  });

  it('where nothing instruments HTTP, what the headers name is linked, and nothing that is none', async () => {
    const host = await start();
    const send = async (stream: string, traceparent: string) => {
      const { headers, body } = push(stream);
      await host.post('/live-callback', { headers: { ...headers, traceparent }, body });
      await whenListenersDone(host.app);
      return spans('process')
        .at(-1)!
        .links.map((link) => link.context.spanId);
    };
    const traceId = 'a'.repeat(32);
    expect(await send('one', `00-${traceId}-${'b'.repeat(16)}-01`)).toEqual(['b'.repeat(16)]);
    expect(await send('two', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`)).toEqual([]);
    expect(await send('three', 'x'.repeat(8_000))).toEqual([]);
    expect(await send('four', "00-'; DROP TABLE live_callback; --")).toEqual([]);
    expect(seenBy(host).map(({ event }) => event.traceparent === null)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('a failed attempt and one that takes too long say so, and the next attempt is another span', async () => {
    const host = await start({ configure: instrumentHttp });
    await host.send(push('failing'));
    await expect.poll(() => spans('process').length, { timeout: 10_000 }).toBe(2);
    const [first, second] = spans('process');
    expect(first).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'RangeError: no room' },
      attributes: { 'error.type': 'RangeError', 'live_callback.attempt': 1 },
      events: [{ name: 'exception' }],
    });
    expect(second).toMatchObject({
      status: { code: 0 },
      attributes: { 'live_callback.attempt': 2 },
    });
    expect(second!.links).toEqual(first!.links);
    exporter.reset();
    await host.send(push('endless'));
    await expect.poll(() => spans('process').length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(spans('process')[0]!.attributes['error.type']).toBe('ListenerTimeoutError');
  });

  it('an application without the telemetry keeps nothing of a request', async () => {
    const host = await start({ configure: instrumentHttp, module: { providers: [Traced] } });
    await host.send(push());
    await whenListenersDone(host.app);
    expect(seenBy(host)).toMatchObject([{ event: { traceparent: null }, active: undefined }]);
    expect(spans('process')).toEqual([]);
  });
});

describe.each(FEATURE_DATABASES)('on $name', ({ create, isAbsent }) => {
  it.skipIf(isAbsent)('what another process delivers is linked all the same', async () => {
    const exporter = startSdk();
    const database = await scratchDatabase(create);
    const module = { imports: [LiveCallbackTelemetryModule.register()], providers: [Traced] };
    const intake = await scratchHost({
      database,
      module,
      options: { role: 'intake' },
      configure: instrumentHttp,
    });
    await intake.send(push());
    const rows = await scratchConnection({ ...database, entities: [LiveCallback] });
    const [row] = await rows.getRepository(LiveCallback).find();
    expect(row!.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(exporter.getFinishedSpans().some(({ name }) => name.startsWith('process'))).toBe(false);
    await scratchHost({ database, module, options: { role: 'worker', keys: undefined } });
    const run = () => exporter.getFinishedSpans().find(({ name }) => name.startsWith('process'));
    await expect.poll(run, { timeout: 20_000 }).toBeDefined();
    expect(row!.traceparent).toContain(run()!.links[0]!.context.spanId);
  });
});

it('before an SDK is there no span is begun, and after it is each run has one', async () => {
  const module = { imports: [LiveCallbackTelemetryModule.register()], providers: [Traced] };
  const host = await scratchHost({ module });
  await host.send(push('before'));
  await whenListenersDone(host.app);
  const exporter = startSdk();
  await host.send(push('after'));
  await whenListenersDone(host.app);
  const names = exporter.getFinishedSpans().map(({ name }) => name);
  expect(names).toEqual(['work on after', 'process stream-push']);
});
