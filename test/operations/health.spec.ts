/**
 * Health: whether callbacks can be stored, and what waits. A clock that is wrong takes the node out, old
 * requests that somebody replays do not; backlog and dead letters are figures and no more.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { Controller, Get, Injectable } from '@nestjs/common';
import { HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { HealthController } from '../../src/app/health.controller.js';
import { ClockWatch } from '../../src/receiving/verification/clock.watch.js';
import { LiveCallbackConfig } from '../../src/options/live-callback.config.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { TemplateDrift } from '../../src/operations/health/template-drift.js';
import { MOST } from '../../src/operations/health/backlog.query.js';
import {
  LiveCallbackDelivery,
  LiveCallbackHealth,
  LiveCallbackHealthIndicator,
  NonRetryableError,
  OnLiveEvent,
  type LiveCallbackOptions,
} from '../../src/index.js';
import { resolveConfig, resolveShape } from '../../src/options/live-callback.config.js';
import {
  screenshotCallback,
  signCallback,
  streamPushCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { ADAPTERS, KEY, type Host } from '../support/application.js';
import { DATABASES, FEATURE_DATABASES } from '../support/databases.js';
import { fileOf, scratchDatabase, scratchHost } from '../support/scratch.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

/** For so long a report is given again. */
const FRESH_MS = 1_000;

const healthOf = ({ app }: Host) => app.get(LiveCallbackHealth, { strict: false });

/** The time of CSS, and what the clock of the host is ahead of it. Monotonic time passes with CSS's. */
class Times {
  sender = Date.now();
  ahead = 0;
  readonly clock = () => this.sender + this.ahead;
  private passed = 0;

  /** Lets `performance.now` follow, until the test is over. */
  follow(): this {
    const real = performance.now.bind(performance);
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => real() + this.passed);
    onTestFinished(() => spy.mockRestore());
    return this;
  }

  pass(seconds: number): void {
    this.sender += seconds * 1000;
    this.passed += seconds * 1000;
  }

  /** `t` of a callback that CSS sends now, or has sent so long ago. */
  t(secondsAgo = 0): number {
    return Math.floor(this.sender / 1000) + 600 - secondsAgo;
  }
}

describe('the clock', () => {
  let times: Times;
  let watch: ClockWatch;

  beforeEach(() => {
    times = new Times().follow();
    watch = newWatch();
  });

  const newWatch = (options: Partial<LiveCallbackOptions> = {}) =>
    new ClockWatch(
      resolveConfig({ keys: KEY, clock: times.clock, ...options }, [], undefined, resolveShape({})),
    );

  it('is not judged while nothing has come', () => {
    times.ahead = 3_600_000;
    expect(watch.report()).toEqual({
      status: 'up',
      offsetSeconds: null,
      expired: 0,
      notYetValid: 0,
    });
  });

  it.each([0, 30, 290, -280])('that is %d s ahead is shown as such, and up', (seconds) => {
    times.ahead = seconds * 1000;
    watch.accepted(times.t());
    const { status, offsetSeconds } = watch.report();
    expect(status).toBe('up');
    expect(Math.abs(offsetSeconds! - seconds)).toBeLessThanOrEqual(1);
  });

  it('that is fast from the start is down with the third callback in ten seconds', () => {
    times.ahead = 700_000;
    for (const expected of ['up', 'up', 'down']) {
      watch.refused(times.t(), 'expired');
      expect(watch.report().status).toBe(expected);
      times.pass(5);
    }
    const { offsetSeconds, expired } = watch.report();
    expect([Math.round(offsetSeconds! / 10) * 10, expired]).toEqual([700, 3]);
  });

  it('that is set forward is down with the first refusal, when one was accepted before', () => {
    watch.accepted(times.t());
    times.pass(86_400);
    times.ahead = 700_000;
    expect(watch.report().status).toBe('up');
    watch.refused(times.t(), 'expired');
    expect(watch.report()).toMatchObject({ status: 'down', expired: 1 });
  });

  it('is up again at once when it is set right, and with the first callback that is accepted', () => {
    watch.accepted(times.t());
    times.ahead = 700_000;
    watch.refused(times.t(), 'expired');
    times.ahead = 100_000;
    expect(watch.report().status).toBe('up');
    times.ahead = 700_000;
    expect(watch.report().status).toBe('down');
    watch.accepted(times.t());
    expect(watch.report().status).toBe('up');
  });

  it('is tried again when no callback came for ten minutes', () => {
    watch.accepted(times.t());
    times.ahead = 700_000;
    watch.refused(times.t(), 'expired');
    times.pass(599);
    expect(watch.report().status).toBe('down');
    times.pass(2);
    expect(watch.report().status).toBe('up');
    watch.refused(times.t(), 'expired');
    expect(watch.report().status).toBe('down');
  });

  it('that is slow is down when three callbacks in ten seconds were not valid yet', () => {
    times.ahead = -400_000;
    for (const expected of ['up', 'up', 'down']) {
      watch.refused(times.t(), 'not-yet-valid');
      expect(watch.report().status).toBe(expected);
      times.pass(5);
    }
    expect(watch.report()).toMatchObject({ notYetValid: 3 });
    expect(Math.abs(watch.report().offsetSeconds! + 400)).toBeLessThanOrEqual(2);
    times.ahead = 0;
    expect(watch.report().status).toBe('up');
  });

  it('has as much more room as expired callbacks are granted', () => {
    watch = newWatch({ expiryGraceSeconds: 400 });
    watch.accepted(times.t());
    times.ahead = 900_000;
    watch.refused(times.t(500), 'expired');
    expect(watch.report().status).toBe('up');
    times.ahead = 1_001_000;
    watch.refused(times.t(), 'expired');
    expect(watch.report().status).toBe('down');
  });

  describe('is not doubted for requests that are old', () => {
    it('when one of them is replayed again and again', () => {
      const stolen = times.t(1_000);
      for (let i = 0; i < 500; i++) {
        watch.refused(stolen, 'expired');
        times.pass(1);
      }
      expect(watch.report()).toMatchObject({ status: 'up', expired: 500 });
    });

    it('when many different ones are fired off together, in any order', () => {
      const stolen = Array.from({ length: 300 }, (_one, i) => times.t(1_000 + i));
      for (const t of [...stolen, ...stolen.toReversed()]) watch.refused(t, 'expired');
      expect(watch.report().status).toBe('up');
    });

    it('when few different ones come again and again, for hours', () => {
      const stolen = [1_000, 1_003, 1_009, 1_060].map((ago) => times.t(ago));
      for (let i = 0; i < 2_000; i++) {
        watch.refused(stolen[i % stolen.length]!, 'expired');
        times.pass(7);
        expect(watch.report().status).toBe('up');
      }
    });

    it('when recorded traffic is replayed at its pace, once one genuine callback was accepted', () => {
      watch.accepted(times.t());
      for (let i = 0; i < 600; i++) {
        watch.refused(times.t(900), 'expired');
        times.pass(1);
      }
      expect(watch.report().status).toBe('up');
    });

    it('when it was taken down by such a recording: the first genuine callback ends it for good', () => {
      const replay = () => {
        for (let i = 0; i < 20; i++) {
          watch.refused(times.t(900), 'expired');
          times.pass(1);
        }
      };
      replay();
      expect(watch.report().status).toBe('down');
      watch.accepted(times.t());
      replay();
      expect(watch.report().status).toBe('up');
    });

    it('when CSS repeats for twelve minutes what an outage kept from it', () => {
      for (let minute = 12; minute > 0; minute--) {
        for (const second of [0, 10, 20, 30]) {
          const ago = minute * 60 + second;
          if (ago < 600) watch.accepted(times.t(ago));
          else watch.refused(times.t(ago), 'expired');
        }
        times.pass(60);
      }
      watch.accepted(times.t());
      expect(watch.report().status).toBe('up');
    });

    it('when replays of just now are mixed with replays of long ago', () => {
      watch.accepted(times.t());
      for (let ago = 0; ago < 599; ago += 20) watch.accepted(times.t(ago));
      for (let ago = 600; ago < 700; ago += 2) watch.refused(times.t(ago), 'expired');
      expect(watch.report().status).toBe('up');
    });
  });
});

describe('over HTTP', () => {
  let times: Times;

  const start = (module: Parameters<typeof scratchHost>[0] = {}) => {
    times = new Times();
    return scratchHost({ options: { clock: times.clock }, ...module });
  };
  const push = () => signCallback(streamPushCallback(), { key: KEY, clock: () => times.sender });
  const get = async (host: Host, path: string) => {
    const response = await fetch(host.url + path);
    return { status: response.status, json: (await response.json()) as object };
  };

  it.each(ADAPTERS)(
    'a fast clock takes the node out until it is set right, on %s',
    async (adapter) => {
      const host = await start({ adapter, module: { controllers: [HealthController] } });
      expect((await host.send(push())).status).toBe(200);
      expect(await get(host, '/health/ready')).toEqual({ status: 200, json: { status: 'ok' } });
      times.ahead = 601_000;
      for (let i = 0; i < 3; i++) expect((await host.send(push())).status).toBe(401);
      await expect(healthOf(host).check()).rejects.toThrow(
        /^Callbacks are refused, because the clock of this host is off by 60\d s\. Set it by NTP\.$/,
      );
      expect(await get(host, '/health/ready')).toEqual({
        status: 503,
        json: { status: 'unavailable' },
      });
      expect(await get(host, '/health')).toMatchObject({
        status: 503,
        json: {
          status: 'down',
          storage: { status: 'up', findings: [] },
          clock: { status: 'down', offsetSeconds: expect.any(Number), expired: 3, notYetValid: 0 },
        },
      });
      expect(await get(host, '/health/live')).toEqual({ status: 200, json: { status: 'ok' } });
      times.ahead = 0;
      expect(await get(host, '/health')).toMatchObject({ status: 200, json: { status: 'up' } });
      await expect(healthOf(host).check()).resolves.toBeUndefined();
    },
  );

  it('requests that are replayed when they have expired change nothing', async () => {
    const host = await start();
    const stolen = Array.from({ length: 20 }, (_one, i) =>
      signCallback(streamPushCallback(), {
        key: KEY,
        clock: () => times.sender - 700_000 - i * 1_000,
      }),
    );
    for (const request of [...stolen, ...stolen]) {
      expect((await host.send(request)).status).toBe(401);
    }
    expect(await healthOf(host).report()).toMatchObject({
      status: 'up',
      clock: { status: 'up', expired: 40 },
    });
    await host.send(push());
    for (const request of stolen) await host.send(request);
    expect(await healthOf(host).report()).toMatchObject({ status: 'up', clock: { expired: 60 } });
  });

  it('what is signed with another key is no evidence', async () => {
    const host = await start();
    const forged = signCallback(streamPushCallback(), { key: 'AnotherKeyAltogether' });
    await host.send(push());
    times.ahead = 700_000;
    for (let i = 0; i < 5; i++) await host.send(forged);
    expect(await healthOf(host).report()).toMatchObject({ status: 'up', clock: { expired: 0 } });
  });

  it.each(ADAPTERS)('is an indicator of @nestjs/terminus, on %s', async (adapter) => {
    @Controller('terminus')
    class TerminusController {
      constructor(
        private readonly checks: HealthCheckService,
        private readonly live: LiveCallbackHealthIndicator,
      ) {}

      @Get()
      check(): Promise<HealthCheckResult> {
        return this.checks.check([() => this.live.isHealthy()]);
      }
    }

    const host = await start({
      adapter,
      module: {
        imports: [TerminusModule.forRoot({ logger: false })],
        controllers: [TerminusController],
      },
    });
    await host.send(push());
    expect(await get(host, '/terminus')).toMatchObject({
      status: 200,
      json: {
        status: 'ok',
        info: {
          'live-callback': {
            status: 'up',
            storage: { status: 'up', findings: [] },
            backlog: { pending: 0, oldestSeconds: null },
            deadLetters: 0,
          },
        },
      },
    });
    times.ahead = 700_000;
    await host.send(push());
    expect(await get(host, '/terminus')).toMatchObject({
      status: 503,
      json: {
        status: 'error',
        error: { 'live-callback': { status: 'down', clock: { status: 'down' } } },
      },
    });
  });
});

@Injectable()
class Stuck {
  private release: () => void = () => {};
  readonly released = new Promise<void>((resolve) => (this.release = resolve));

  free(): void {
    this.release();
  }

  @OnLiveEvent('stream-push', { id: 'stuck' })
  onPush(): Promise<void> {
    return this.released;
  }

  @OnLiveEvent('screenshot', { id: 'broken' })
  onPicture(): void {
    throw new NonRetryableError('no pictures');
  }
}

describe.each(FEATURE_DATABASES)('with $name', ({ name, isAbsent, create }) => {
  describe.skipIf(isAbsent)('the report', () => {
    const send = async (host: Host, callback: object) => {
      expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
    };
    it('counts what waits for a listener and how long, dead letters, and what is strange', async () => {
      const database = await scratchDatabase(create);
      const host = await scratchHost({ database, module: { providers: [Stuck] } });
      const { app } = host;
      // A new one each time, which has no report of a moment ago.
      const report = () =>
        new LiveCallbackHealth(
          app.get(CallbackDatabase, { strict: false }),
          app.get(ClockWatch, { strict: false }),
          null,
          app.get(TemplateDrift, { strict: false }),
          app.get(LiveCallbackConfig, { strict: false }),
        ).report();
      expect(await report()).toEqual({
        status: 'up',
        storage: { status: 'up', findings: [] },
        spooled: null,
        spoolSetAside: null,
        clock: { status: 'up', offsetSeconds: null, expired: 0, notYetValid: 0 },
        backlog: { pending: 0, oldestSeconds: null },
        listeners: { paused: 0, open: 0 },
        deadLetters: 0,
        quarantined: 0,
        unknown: 0,
        reconciliation: null,
        templateDrift: null,
      });
      await send(host, screenshotCallback());
      await send(host, streamPushCallback({ stream_id: [] }));
      await send(host, streamPushCallback({ event_type: 4711 }));
      await whenListenersDone(app);
      await send(host, streamPushCallback({ stream_id: 'one' }));
      await send(host, streamPushCallback({ stream_id: 'two' }));
      const dataSource = app.get(DataSource, { strict: false });
      await dataSource.query(
        "UPDATE live_callback SET received_at = received_at - 90000 WHERE stream_name = 'one'",
      );
      const figures = { deadLetters: 1, quarantined: 1, unknown: 1 };
      const stuck = await report();
      expect(stuck).toMatchObject({ status: 'up', backlog: { pending: 2 }, ...figures });
      expect(stuck.backlog?.oldestSeconds).toBeGreaterThanOrEqual(90);
      expect(stuck.backlog?.oldestSeconds).toBeLessThan(120);
      // A replay waits since it was asked for.
      await dataSource
        .getRepository(LiveCallbackDelivery)
        .update({ state: 'pending' }, { replayedAt: new Date() });
      expect((await report()).backlog?.oldestSeconds).toBeLessThan(30);
      app.get(Stuck).free();
      await whenListenersDone(app);
      expect(await report()).toMatchObject({
        backlog: { pending: 0, oldestSeconds: null },
        ...figures,
      });
    });

    it('asks the database once, however many ask at the same time', async () => {
      const host = await scratchHost({ database: await scratchDatabase(create) });
      const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
      const asked = vi.spyOn(dataSource, 'query');
      await Promise.all(Array.from({ length: 50 }, () => healthOf(host).report()));
      expect(asked).toHaveBeenCalledTimes(1);
    });

    it.skipIf(name === 'SQLite')(
      'says within its deadline that the database hangs or is gone, and is up again',
      async () => {
        const options = await scratchDatabase(create);
        const { host: address = '', port } = options as { host?: string; port?: number };
        const proxy = await startTcpProxy(address, port!);
        onTestFinished(() => proxy.close());
        const database = { ...options, host: '127.0.0.1', port: proxy.port } as typeof options;
        const host = await scratchHost({ database, module: { controllers: [HealthController] } });
        const statusOf = async (path: string) => (await fetch(host.url + path)).status;
        expect(await statusOf('/health')).toBe(200);
        const down = {
          status: 'down',
          storage: { status: 'down', findings: [] },
          clock: { status: 'up' },
          backlog: null,
          listeners: null,
          deadLetters: null,
        };
        const report = () => healthOf(host).report();
        await report();
        await sleep(FRESH_MS);
        proxy.hang();
        // Who takes an older answer gets it.
        expect(await healthOf(host).report(60_000)).toMatchObject({ status: 'up' });
        const [hanging, status, live] = await Promise.all([
          report(),
          statusOf('/health'),
          statusOf('/health/live'),
        ]);
        expect([hanging, status, live]).toMatchObject([down, 503, 200]);
        expect(JSON.stringify(hanging)).not.toContain(address);
        await proxy.cut();
        await expect.poll(report, { timeout: 8_000 }).toMatchObject(down);
        await proxy.restore();
        await expect.poll(report, { timeout: 15_000 }).toMatchObject({ status: 'up' });
        await expect.poll(() => statusOf('/health/ready'), { timeout: 15_000 }).toBe(200);
      },
    );
  });
});

const postgres = DATABASES.find(({ name }) => name === 'PostgreSQL')!;

it.skipIf(postgres.isAbsent)(
  'a probe looks for one row by its key, however many there are',
  async () => {
    const host = await scratchHost({ database: await scratchDatabase(postgres.create) });
    const database = host.app.get(CallbackDatabase, { strict: false });
    const { dataSource } = database;
    const asked: [string, unknown[]][] = [];
    const { logger } = dataSource;
    vi.spyOn(logger, 'logQuery').mockImplementation((sql, parameters = []) =>
      asked.push([sql, parameters as unknown[]]),
    );
    await database.probe();
    vi.restoreAllMocks();
    const updates = asked.filter(([sql]) => sql.startsWith('UPDATE'));
    expect(updates).toHaveLength(2);
    for (const [sql, parameters] of updates) {
      const rows = await dataSource.query<Record<string, string>[]>(`EXPLAIN ${sql}`, parameters);
      const plan = rows.flatMap(Object.values).join('\n');
      expect(plan).toMatch(/Index Cond: \(+(callback_)?id = /);
    }
  },
);

describe('with SQLite', () => {
  it('the report says within its deadline that somebody keeps the write lock', async () => {
    const database = await scratchDatabase();
    const host = await scratchHost({ database });
    const other = new Database(fileOf(database));
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');
    const report = await healthOf(host).report();
    expect(report).toMatchObject({ status: 'down', storage: { status: 'down' }, backlog: null });
    other.exec('COMMIT');
    await expect
      .poll(() => healthOf(host).report(), { timeout: 8_000 })
      .toMatchObject({
        status: 'up',
        backlog: { pending: 0 },
      });
  });

  it('the report counts no further than it promises', async () => {
    const host = await scratchHost({});
    const dataSource = host.app.get(DataSource, { strict: false });
    await dataSource.query(
      `INSERT INTO live_callback_delivery (callback_id, listener, registration, ordering_key, state, attempts, fence)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MOST + 500})
       SELECT i, 'gone', 'default', x'00', 'dead', 1, 1 FROM n`,
    );
    expect(await healthOf(host).report()).toMatchObject({ deadLetters: MOST });
  });
});
