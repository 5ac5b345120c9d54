/** What the reference application tells Prometheus of the demo is what its audit tables say. */
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { INestApplication } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';

import { AppModule } from '../../src/app/app.module.js';
import { DemoSession } from '../../src/app/demo.session.js';
import { readEnvironment, type Settings } from '../../src/app/environment.js';
import { LiveCallback, LiveCallbackDelivery } from '../../src/index.js';
import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { LiveCallbackRejection } from '../../src/storage/entities/index.js';
import { whenListenersDone } from '../../src/testing/index.js';
import { ADAPTERS } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { samplesOf, sumOf } from '../support/prometheus.js';
import { fileOf, scratchDatabase } from '../support/scratch.js';

const TOKEN = 'TokenOfThoseWhoScrape';

async function start(settings: Settings): Promise<{ app: INestApplication; url: string }> {
  const adapter =
    settings.adapter === 'fastify'
      ? new FastifyAdapter()
      : (new ExpressAdapter() as unknown as FastifyAdapter);
  const app = await NestFactory.create(AppModule.from(settings), adapter, { logger: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

describe.each(ADAPTERS)('on %s', (adapter) => {
  const settingsOf = async (env: object = {}) => {
    const file = fileOf(await scratchDatabase());
    const given = { HTTP_ADAPTER: adapter, DATABASE_URL: `sqlite:${file}`, ...env };
    // Without those who may ask there is no console, which only a build has the files of.
    return { ...readEnvironment(given), adminToken: undefined };
  };

  it('a scrape after the demo counts what the audit tables hold', async () => {
    const settings = await settingsOf({ LIVE_CALLBACK_METRICS_TOKEN: TOKEN });
    const { app, url } = await start(settings);
    const [key] = settings.keys as [string];
    const session = new DemoSession({ key, baseUrl: `${url}/live-callback`, onAttempt: () => {} });
    for (const step of session.steps) await step.play();
    await session.close();
    await whenListenersDone(app);
    await app.get(RejectionRecorder, { strict: false }).flush();
    const tables = app.get(DataSource, { strict: false });
    // Events of sessions are told of, and delivered, a moment after the callbacks.
    const sessionOf = { origin: 'session', kind: 'session-interrupted' } as const;
    const told = () => tables.getRepository(LiveCallback).countBy(sessionOf);
    await expect.poll(told, { timeout: 20_000 }).toBe(1);
    const waiting = () => tables.getRepository(LiveCallbackDelivery).countBy({ state: 'pending' });
    await expect.poll(waiting, { timeout: 20_000 }).toBe(0);

    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await fetch(`${url}/metrics`, { headers });
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain;.* version=0\.0\.4/);
    const samples = samplesOf(await answer.text());
    const sum = (name: string, labels = {}) => sumOf(samples, `live_callback_${name}`, labels);

    // What CSS sent: events of sessions are made here, and only delivered.
    const rows = await tables.getRepository(LiveCallback).findBy({ origin: 'callback' });
    const receipts = rows.reduce((total, { receiptsCount }) => total + receiptsCount, 0);
    expect(rows.length).toBeGreaterThan(5);
    expect(receipts).toBeGreaterThan(rows.length);
    for (const { kind, state } of rows) {
      const same = rows.filter((row) => row.kind === kind && row.state === state);
      const expected = same.reduce((total, { receiptsCount }) => total + receiptsCount, 0);
      expect([kind, sum('received_total', { kind, state })]).toEqual([kind, expected]);
    }
    expect(sum('received_total')).toBe(receipts);
    expect(sum('duplicates_total')).toBe(receipts - rows.length);
    expect(sum('intake_duration_count', { status: '200' })).toBe(receipts);

    const deliveries = await tables.getRepository(LiveCallbackDelivery).find();
    const listeners = [...new Set(deliveries.map(({ listener }) => listener))];
    expect(listeners).toEqual(expect.arrayContaining(['log', 'moderation-demo']));
    for (const listener of listeners) {
      const of = (state: string) =>
        deliveries.filter((row) => row.listener === listener && row.state === state).length;
      for (const outcome of ['done', 'dead']) {
        const counted = sum('deliveries_total', { listener, outcome });
        expect([listener, outcome, counted]).toEqual([listener, outcome, of(outcome)]);
      }
      expect(sum('listener_duration_count', { listener })).toBe(of('done') + of('dead'));
      expect(sum('delivery_lag_count', { listener })).toBe(of('done'));
    }
    const dead = deliveries.filter(({ state }) => state === 'dead');
    expect(sum('deliveries_total')).toBe(deliveries.length);

    const refusals = await tables.getRepository(LiveCallbackRejection).find();
    expect(refusals.map(({ reason }) => reason).toSorted()).toEqual(['expired', 'sign-mismatch']);
    for (const { reason, count } of refusals) {
      expect(sum('refused_total', { reason })).toBe(count);
    }
    expect(sum('refused_total')).toBe(2);
    const gauges = { backlog: 0, backlog_oldest: 0, dead_letters: dead.length };
    for (const [name, value] of Object.entries(gauges)) {
      expect(samples.filter((sample) => sample.name === `live_callback_${name}`)).toEqual([
        { name: `live_callback_${name}`, labels: { registration: 'default' }, value },
      ]);
    }
    expect(sum('ready')).toBe(1);
  });

  it('metrics are for bearers of the token, and not there without one', async () => {
    const LIVE_CALLBACK_KEYS = 'KeyOfTheReferenceApplication';
    const guarded = await start(
      await settingsOf({ LIVE_CALLBACK_KEYS, LIVE_CALLBACK_METRICS_TOKEN: TOKEN }),
    );
    const scrape = (url: string, token: string) =>
      fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    expect((await fetch(`${guarded.url}/metrics`)).status).toBe(401);
    expect((await scrape(guarded.url, 'AnotherTokenAltogether')).status).toBe(401);
    expect((await scrape(guarded.url, TOKEN)).status).toBe(200);
    const without = await start(await settingsOf({ LIVE_CALLBACK_KEYS }));
    expect((await scrape(without.url, TOKEN)).status).toBe(404);
  });
});

it('a token that could be guessed is refused by the name of its variable', () => {
  expect(() => readEnvironment({ LIVE_CALLBACK_METRICS_TOKEN: 'short' })).toThrow(
    'LIVE_CALLBACK_METRICS_TOKEN',
  );
});
