/** A database that hangs does not hold up a scrape, and what it would say is no number, and not what it said last. */
import { describe, expect, it } from 'vitest';

import { ScrapedMetrics } from '../../src/app/metrics.controller.js';
import { LiveCallbackTelemetryModule } from '../../src/telemetry/index.js';
import { streamPushCallback } from '../../src/testing/index.js';
import { onTestFinished } from '../support/current-test.js';
import { DATABASES } from '../support/databases.js';
import { samplesOf } from '../support/prometheus.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { post } from './measured-host.js';

const servers = DATABASES.filter(({ name }) => name !== 'SQLite');

describe.each(servers)('on $name', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)('a scrape ends although the database hangs', async () => {
    const database = (await scratchDatabase(create)) as { host: string; port: number };
    const proxy = await startTcpProxy(database.host, database.port);
    onTestFinished(() => proxy.close());
    const scraped = new ScrapedMetrics();
    onTestFinished(() => scraped.provider.shutdown());
    const host = await scratchHost({
      database: { ...database, host: '127.0.0.1', port: proxy.port } as never,
      options: { sessions: {} },
      module: {
        imports: [LiveCallbackTelemetryModule.register({ meterProvider: scraped.provider })],
      },
    });
    await post(host, streamPushCallback());
    const scrape = async () => {
      const found = samplesOf(await scraped.text());
      const of = (name: string) => found.find((sample) => sample.name === name)?.value;
      return ['ready', 'sessions_live', 'backlog', 'dead_letters', 'spool_entries'].map((name) =>
        of(`live_callback_${name}`),
      );
    };
    expect(await scrape()).toEqual([1, 1, 0, 0, undefined]);
    proxy.hang();
    onTestFinished(() => proxy.restore());
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const began = performance.now();
    expect(await scrape()).toEqual([0, Number.NaN, Number.NaN, Number.NaN, undefined]);
    expect(performance.now() - began).toBeLessThan(6_000);
  });
});
