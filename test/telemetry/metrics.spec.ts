/**
 * Metrics of a host with all that can be measured: what happens is counted once, with the attributes that
 * docs/telemetry.md lists, and nothing is where no SDK is.
 */
import { readFileSync } from 'node:fs';
import { channel } from 'node:diagnostics_channel';

import type { ModuleMetadata } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';

import { ScrapedMetrics } from '../../src/app/metrics.controller.js';
import { LiveCallbackModule } from '../../src/index.js';
import { METRIC_PREFIX, METRICS, type MetricDefinition } from '../../src/telemetry/metric.table.js';
import { LiveCallbackTelemetryModule } from '../../src/telemetry/index.js';
import {
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
} from '../../src/testing/index.js';
import { ADAPTERS, KEY, startWith } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { samplesOf, sumOf, type Sample } from '../support/prometheus.js';
import { errorOfStart, scratchDatabase, scratchHost } from '../support/scratch.js';
import { measuredModule, playEverything, post } from './measured-host.js';

const table: [string, MetricDefinition][] = Object.entries(METRICS);

describe.each(ADAPTERS)('on %s', (adapter) => {
  let scraped: ScrapedMetrics;
  beforeEach(() => {
    scraped = new ScrapedMetrics();
    onTestFinished(() => scraped.provider.shutdown());
  });

  const start = async (also: NonNullable<ModuleMetadata['imports']> = []) =>
    scratchHost({ adapter, ...measuredModule(await scratchDatabase(), scraped, also) });
  const scrape = async (): Promise<Sample[]> => samplesOf(await scraped.text());

  it('everything that is listed is exported, with the attributes that are listed', async () => {
    const host = await start();
    await playEverything(host);
    const samples = await scrape();
    const exported = table.map(([name, { kind }]) => {
      const sample = samples.find((one) => one.name === prometheusName(name, kind));
      const { le: _le, ...labels } = sample?.labels ?? { nothing: '' };
      return [name, Object.keys(labels)];
    });
    expect(exported).toEqual(table.map(([name, { attributes }]) => [name, attributes]));
    const known = table.flatMap(([name]) => `live_callback_${name.replaceAll('.', '_')}`);
    const strangers = samples.filter(
      ({ name }) => !known.some((prefix) => name.startsWith(prefix)),
    );
    expect(strangers).toEqual([]);
  });

  it('attempts are told apart by listener and outcome, and no metric by stream', async () => {
    const host = await start();
    for (const stream_id of ['one-room', 'another-room']) {
      await post(host, streamPushCallback({ stream_id }));
    }
    const dead = async () => sumOf(await scrape(), 'live_callback_dead_letters');
    await expect.poll(dead, { timeout: 10_000 }).toBe(2);
    const samples = await scrape();
    const attempts = (listener: string, outcome: string) =>
      sumOf(samples, 'live_callback_deliveries_total', { listener, outcome });
    expect(attempts('steady', 'done')).toBe(2);
    expect(attempts('broken', 'failed')).toBe(2);
    expect(attempts('broken', 'dead')).toBe(2);
    // Sessions are worked out as by a listener.
    expect(sumOf(samples, 'live_callback_deliveries_total')).toBe(6 + 2);
    expect(JSON.stringify(samples)).not.toMatch(/one-room|another-room/);
  });

  it('sessions are counted by domain, and where all are over there are none, and not no figure', async () => {
    const host = await start();
    const live = async () =>
      (await scrape())
        .filter(({ name }) => name === 'live_callback_sessions_live')
        .map(({ labels, value }) => [labels['registration'], labels['domain'], value]);
    expect(await live()).toEqual([]);
    for (const stream_id of ['one-room', 'another-room']) {
      await post(host, streamPushCallback({ stream_id, app: 'push.example.com', sequence: '7' }));
    }
    expect(await live()).toEqual([['default', 'push.example.com', 2]]);
    for (const stream_id of ['one-room', 'another-room']) {
      const end = { stream_id, app: 'push.example.com', sequence: '7' };
      await post(host, streamInterruptCallback(end));
    }
    expect(await live()).toEqual([['default', 'push.example.com', 0]]);
  });

  it('sessions of ever new domains are counted apart for a hundred of them, the largest first', async () => {
    const host = await start();
    await Promise.all(
      Array.from({ length: 120 }, (_, at) =>
        post(host, streamPushCallback({ app: `${at}.forged.example.com`, stream_id: 'a' })),
      ),
    );
    const app = 'push.example.com';
    for (const stream_id of ['a', 'b']) await post(host, streamPushCallback({ stream_id, app }));
    const live = async () =>
      new Map(
        (await scrape())
          .filter(({ name }) => name === 'live_callback_sessions_live')
          .map(({ labels, value }) => [labels['domain'], value]),
      );
    for (let times = 0; times < 2; times++) {
      const found = await live();
      expect(found.size).toBe(101);
      expect(found.get(app)).toBe(2);
      expect(found.get('other')).toBe(21);
    }
  });

  it('a provider is told once, however many modules and registrations there are', async () => {
    const other = LiveCallbackModule.forRoot({
      name: 'tenant-b',
      path: 'tenant-b',
      keys: KEY,
      dataSource: 'tenant-b',
      database: await scratchDatabase(),
    });
    const again = LiveCallbackTelemetryModule.register({ meterProvider: scraped.provider });
    const host = await start([other, again]);
    await post(host, streamPushCallback());
    const samples = await scrape();
    expect(sumOf(samples, 'live_callback_received_total')).toBe(1);
    const ready = samples.filter(({ name }) => name === 'live_callback_ready');
    const byName = Object.fromEntries(
      ready.map(({ labels, value }) => [labels['registration'], value]),
    );
    expect(byName).toEqual({ default: 1, 'tenant-b': 1 });
  });

  it('what is delivered while the application stops is counted, and nothing after it', async () => {
    const host = await start();
    await host.send(signCallback(streamPushCallback(), { key: KEY }));
    await host.close();
    expect(
      sumOf(await scrape(), 'live_callback_deliveries_total', {
        listener: 'steady',
        outcome: 'done',
      }),
    ).toBe(1);
    expect(channel('nestjs-live-callback:delivered').hasSubscribers).toBe(false);
    expect((await scrape()).filter(({ name }) => name === 'live_callback_ready')).toEqual([]);
  });

  it('without an SDK nobody listens to a signal', async () => {
    expect(metrics.getMeterProvider().getMeter('any').constructor.name).toBe('NoopMeter');
    const host = await scratchHost({
      adapter,
      module: { imports: [LiveCallbackTelemetryModule.register()] },
    });
    expect(channel('nestjs-live-callback:received').hasSubscribers).toBe(false);
    await post(host, streamPushCallback());
  });

  it('the SDK that is registered before the application starts is found', async () => {
    metrics.setGlobalMeterProvider(scraped.provider);
    onTestFinished(() => metrics.disable());
    const module = {
      imports: [LiveCallbackTelemetryModule.registerAsync({ useFactory: () => ({}) })],
    };
    const host = await scratchHost({ adapter, module });
    await post(host, streamPushCallback());
    expect(sumOf(await scrape(), 'live_callback_received_total')).toBe(1);
  });

  it('an application without LiveCallbackModule is told what to import', async () => {
    const starting = startWith([LiveCallbackTelemetryModule.register()], { adapter });
    expect(await errorOfStart(starting)).toMatchObject({
      name: 'LiveCallbackTelemetryError',
      message: expect.stringContaining('add LiveCallbackModule.forRoot({ … }) to the imports'),
    });
  });
});

describe('docs/telemetry.md', () => {
  it('lists the metrics that there are', () => {
    const [page = ''] = readFileSync('docs/telemetry.md', 'utf8').split('\n## Spans');
    const rows = [...page.matchAll(/^\| `(live_callback\.[\w.]+)` (.*)\|$/gm)].map(
      ([, name, cells = '']) => [name, ...cells.split('|').map((cell) => cell.trim())],
    );
    const expected = table.map(([name, { kind, unit, attributes, description }]) => [
      METRIC_PREFIX + name,
      '',
      kind,
      unit,
      attributes.map((attribute) => `\`${attribute}\``).join(', '),
      description,
    ]);
    expect(rows).toEqual(expected);
  });
});

/** As the exporter of OpenTelemetry writes it. */
function prometheusName(name: string, kind: MetricDefinition['kind']): string {
  const suffix = { counter: '_total', histogram: '_bucket', gauge: '' }[kind];
  return `live_callback_${name.replaceAll('.', '_')}${suffix}`;
}
