/**
 * The whole way, on virtual time: the provisioner declares templates to the emulated cloud by the
 * official SDK, the emulated streams send by these templates, and applications with the module take
 * what comes. Receivers go away, URLs and keys change while streams run, somebody meddles with the
 * account, and in the end everything is stored and delivered once, and nothing is left in the account.
 */
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import {
  CssEmulator,
  RETRY_PROFILES,
  shortenProfile,
  TemplateStore,
  type CallbackAttempt,
} from '../../src/emulator/index.js';
import type { CallbackDetail, LiveEvent } from '../../src/index.js';
import {
  formatPlan,
  KeyRingFile,
  type CloudApi,
  type ProvisioningState,
} from '../../src/cloud/index.js';
import { signatureOf, signCallback, streamPushCallback } from '../../src/testing/index.js';
import { scratchApi, sdkClient } from '../emulator/api-support.js';
import {
  cloudOf,
  provisionerOf,
  scratchFolder,
  writesOf,
} from '../cloud/provisioning/provisioning-support.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import {
  byCallback,
  emulatedCloud,
  hasArrived,
  MINUTE,
  PROPAGATION,
  SECOND,
  startReceiver,
  type Receiver,
} from './flow-support.js';

const DOMAIN = 'push.example.com';
const STUDIO_DOMAIN = 'studio.example.com';
const KEYS = { main: 'KeyOfTheMainTemplate', studio: 'KeyOfTheStudioTemplate' };
/** Each key is good for the callbacks of its own domain only. */
const BOUND_KEYS = [
  { key: KEYS.main, domain: DOMAIN },
  { key: KEYS.studio, domain: STUDIO_DOMAIN },
];
const MAIN_KINDS = [
  'stream-push',
  'stream-interrupt',
  'push-error',
  'screenshot',
  'record-file',
  'record-status',
];
const STUDIO_KINDS = ['stream-push', 'stream-interrupt', 'screenshot', 'image-audit'];

/** Two templates for two applications, and three rules. */
function stateFor(main: Receiver, studio: Receiver): ProvisioningState {
  return {
    stack: 'shop',
    baseUrl: main.baseUrl,
    templates: {
      main: {
        key: KEYS.main,
        events: MAIN_KINDS,
        rules: [{ domain: DOMAIN }, { domain: DOMAIN, appName: 'show' }],
      },
      studio: {
        key: KEYS.studio,
        urls: Object.fromEntries(STUDIO_KINDS.map((kind) => [kind, `${studio.baseUrl}/${kind}`])),
        rules: [{ domain: STUDIO_DOMAIN }],
      },
    },
  };
}

/** Two applications, and a cloud in which nothing is configured yet. */
async function setUp() {
  const cloud = await emulatedCloud();
  const options = { keys: BOUND_KEYS, clock: cloud.now };
  const main = await startReceiver({ ...options, path: 'live-callback' });
  const studio = await startReceiver({ ...options, path: 'hooks/css' }, 'express');
  return { ...cloud, main, studio, state: stateFor(main, studio) };
}

/** The same with everything declared, and the declaration in effect. */
async function setUpDeclared() {
  const world = await setUp();
  const { api, clock, now, state } = world;
  await provisionerOf(api, state, { now }).apply();
  await clock.advance(PROPAGATION);
  return world;
}

/** Each callback that arrived has one row with its bytes and one run of the listener. */
async function expectStoredAndDeliveredOnce(
  receiver: Receiver,
  attempts: readonly CallbackAttempt[],
): Promise<CallbackDetail[]> {
  const events = await receiver.events();
  const rows = await receiver.rows();
  const callbacks = byCallback(attempts);
  expect(rows).toHaveLength(callbacks.length);
  for (const ofCallback of callbacks) {
    const [first, ...again] = ofCallback.filter(hasArrived);
    expect(rows.find(({ body }) => body === first?.request.body)).toMatchObject({
      kind: first?.kind,
      state: 'accepted',
      stream: { domain: first?.domain, path: first?.appName, name: first?.streamName },
      receiptsCount: 1 + again.length,
      deliveries: [{ state: 'done', attempts: 1 }],
      conflicting: false,
      warnings: [],
    });
  }
  const ids = ({ id }: CallbackDetail | LiveEvent) => id;
  expect(events.map(ids).toSorted()).toEqual(rows.map(ids).toSorted());
  expect(await receiver.refusals()).toEqual([]);
  return rows;
}

const seconds = (attempts: readonly CallbackAttempt[], since: number) =>
  attempts.map(({ at }) => (at - since) / SECOND);

describe('two templates and three rules', () => {
  it('bring three streams to two applications, once, though one is away for five minutes', async () => {
    const { clock, now, emulator, api, main, studio, state } = await setUp();
    const provisioner = provisionerOf(api, state, { now });
    expect((await provisioner.apply()).steps).toHaveLength(2 + 3);
    expect((await provisioner.apply()).steps).toEqual([]);
    expect(writesOf(api)).toHaveLength(2 + 3);
    const early = emulator.pushStream({ domain: DOMAIN, streamName: 'early' });
    await expect(early.pushed.outcome).resolves.toBe('unbound');
    await clock.advance(PROPAGATION);

    const begin = now();
    const until = (second: number) => clock.advance(begin + second * SECOND - now());
    const hall = emulator.pushStream({
      domain: DOMAIN,
      streamName: 'hall',
      screenshots: { intervalMs: MINUTE },
      record: { format: 'mp4', sliceMs: 2 * MINUTE },
    });
    const stage = emulator.pushStream({ domain: DOMAIN, appName: 'show', streamName: 'stage' });
    const desk = emulator.pushStream({
      domain: STUDIO_DOMAIN,
      streamName: 'desk',
      screenshots: { intervalMs: MINUTE, hitEvery: 2 },
    });
    await until(70);
    emulator.inject('lost-answer', { kind: 'push-error' });
    emulator.inject('duplicate', { kind: 'image-audit' });
    hall.pushError();
    await until(75);
    await main.stop();
    await until(200);
    stage.interrupt({ errcode: 3 });
    await until(265);
    emulator.pushStream({ domain: DOMAIN, appName: 'show', streamName: 'stage' });
    await until(375);
    await main.start();
    await until(590);
    hall.interrupt();
    desk.interrupt();
    await until(1_800);

    const attempts = emulator.attempts();
    const repeated = byCallback(attempts).filter((one) => one.some(({ retry }) => retry > 0));
    expect(
      repeated.map((one) => {
        const [{ streamName, kind, at }] = one as [CallbackAttempt];
        return [streamName, kind, (at - begin) / SECOND, seconds(one, at)];
      }),
    ).toEqual([
      // Stored, but the answer was lost: that costs twenty seconds before the minute.
      ['hall', 'push-error', 70, [0, 80, 140, 200, 260, 320]],
      ['hall', 'screenshot', 120, [0, 120, 240, 360]],
      ['hall', 'record-file', 123, [0, 60, 120, 180, 240, 300]],
      ['hall', 'screenshot', 180, [0, 120, 240]],
      ['stage', 'stream-interrupt', 200, [0, 60, 120, 180]],
      ['hall', 'screenshot', 240, [0, 120, 240]],
      ['hall', 'record-file', 243, [0, 60, 120, 180]],
      ['stage', 'stream-push', 265, [0, 60, 120]],
      ['hall', 'screenshot', 300, [0, 120]],
      ['hall', 'screenshot', 360, [0, 120]],
      ['hall', 'record-file', 363, [0, 60]],
    ]);
    for (const one of byCallback(attempts)) {
      expect(one.at(-1)).toMatchObject({ isAcknowledged: true, nextAttemptAt: null });
    }

    const ofDomain = (name: string) => attempts.filter(({ domain }) => domain === name);
    for (const { url, kind } of ofDomain(DOMAIN)) expect(url).toBe(`${main.baseUrl}/${kind}`);
    for (const { url, kind } of ofDomain(STUDIO_DOMAIN)) {
      expect(url).toBe(`${studio.baseUrl}/${kind}`);
    }
    const mainRows = await expectStoredAndDeliveredOnce(main, ofDomain(DOMAIN));
    const studioRows = await expectStoredAndDeliveredOnce(studio, ofDomain(STUDIO_DOMAIN));
    expect(countsOf(mainRows)).toEqual({
      'stream-push': 3,
      'stream-interrupt': 2,
      'push-error': 1,
      screenshot: 9,
      'record-status': 2,
      'record-file': 5,
    });
    expect(countsOf(studioRows)).toEqual({
      'stream-push': 1,
      'stream-interrupt': 1,
      screenshot: 9,
      'image-audit': 4,
    });
    const twice = [...mainRows, ...studioRows].filter((row) => row.receiptsCount === 2);
    expect(twice.map(({ kind }) => kind)).toEqual(['push-error', 'image-audit']);
  });

  it('have a key each, and an application takes neither for the domain of the other', async () => {
    const { clock, now, emulator, api, main, studio, state } = await setUpDeclared();
    const { main: first, studio: second } = state.templates;
    const swapped = {
      main: { ...first, key: KEYS.studio },
      studio: { ...second, key: KEYS.main },
    };
    await provisionerOf(api, { ...state, templates: swapped }, { now }).apply();
    await clock.advance(PROPAGATION);
    const pushes = [DOMAIN, STUDIO_DOMAIN].map(
      (domain) => emulator.pushStream({ domain, streamName: 'room' }).pushed,
    );
    await clock.advance(20 * MINUTE);
    for (const { outcome } of pushes) await expect(outcome).resolves.toBe('given-up');
    expect(new Set(emulator.attempts().map(({ status }) => status))).toEqual(new Set([401]));
    for (const receiver of [main, studio]) {
      expect(new Set(await receiver.refusals())).toEqual(new Set(['key-foreign']));
      expect(await receiver.rows()).toEqual([]);
    }
  });
});

describe('while a stream runs', () => {
  it('its callbacks move to another address when a changed URL has spread, and none is lost', async () => {
    const { clock, now, emulator, api, main, state } = await setUpDeclared();
    const successor = await startReceiver({
      keys: BOUND_KEYS,
      clock: now,
      path: 'v2/live-callback',
    });
    const before = api.templates.templates.map(({ id }) => id);
    const rules = api.templates.rules;
    const stream = emulator.pushStream({
      domain: DOMAIN,
      streamName: 'room',
      screenshots: { intervalMs: MINUTE },
    });
    await clock.advance(2 * MINUTE + SECOND);
    const moved = provisionerOf(api, { ...state, baseUrl: successor.baseUrl }, { now });
    const { steps } = await moved.apply();
    expect(steps).toMatchObject([{ action: 'modify-template', template: 'main' }]);
    expect(api.templates.templates.map(({ id }) => id)).toEqual(before);
    expect(api.templates.rules).toEqual(rules);

    const changedAt = now();
    await main.stop();
    await clock.advance(90 * SECOND);
    await main.start();
    await clock.advance(PROPAGATION);
    stream.interrupt();
    await clock.advance(5 * MINUTE);

    const [old, fresh] = [main, successor].map(({ baseUrl }) =>
      emulator.attempts().filter(({ url }) => url.startsWith(`${baseUrl}/`)),
    ) as [CallbackAttempt[], CallbackAttempt[]];
    expect([...old, ...fresh]).toHaveLength(emulator.attempts().length);
    expect(old.every(({ at }) => at < changedAt + PROPAGATION)).toBe(true);
    expect(fresh.every(({ at }) => at >= changedAt + PROPAGATION)).toBe(true);
    const mainRows = await expectStoredAndDeliveredOnce(main, old);
    const newRows = await expectStoredAndDeliveredOnce(successor, fresh);
    expect(countsOf(mainRows)).toEqual({ 'stream-push': 1, screenshot: 12 });
    expect(countsOf(newRows)).toEqual({ screenshot: 1, 'stream-interrupt': 1 });
    // What was on its way when the application was away.
    expect(old.filter(({ isAcknowledged }) => !isAcknowledged)).toHaveLength(1);
  });

  it('its key is rotated, and nothing is lost, though the application is away in between', async () => {
    const { clock, now, emulator, api } = await emulatedCloud();
    const keyFile = join(scratchFolder(), 'keys.json');
    const ring = new KeyRingFile(keyFile, now);
    const keys = ring.resolver();
    const receiver = await startReceiver({ keys, clock: now, path: 'live-callback' });
    const state: ProvisioningState = {
      stack: 'shop',
      baseUrl: receiver.baseUrl,
      keyFile,
      templates: { main: { events: MAIN_KINDS, rules: [{ domain: DOMAIN }] } },
    };
    const provisioner = provisionerOf(api, state, { now });
    await provisioner.apply();
    await clock.advance(PROPAGATION);
    const old = (await ring.read('main'))?.current ?? '';
    const stream = emulator.pushStream({ domain: DOMAIN, streamName: 'room' });
    const sent = [stream.pushed];
    const runFor = async (minutes: number) => {
      for (let minute = 0; minute < minutes; minute++) {
        sent.push(stream.pushError());
        await clock.advance(MINUTE);
      }
    };
    await runFor(3);
    // Callbacks come between the steps of the rotation too.
    const cloud = cloudOf(api);
    const busy: CloudApi = {
      async call(action, parameters) {
        sent.push(stream.pushError());
        await clock.advance(SECOND);
        return cloud.call(action, parameters);
      },
    };
    const { oldKeyUntil } = await provisionerOf(api, state, { now, api: busy }).rotateKey('main');
    const rotatedAt = now();
    const fresh = (await ring.read('main'))?.current ?? '';
    await clock.advance(30 * SECOND);
    await runFor(9);
    // Almost as long as the sender has patience, across the moment at which the change has spread.
    await receiver.stop();
    await runFor(11);
    await clock.advance(45 * SECOND);
    await receiver.start();
    await runFor(10);
    sent.push(stream.interrupt());
    await clock.advance(15 * MINUTE);

    for (const { outcome } of sent) await expect(outcome).resolves.toBe('acknowledged');
    await expectStoredAndDeliveredOnce(receiver, emulator.attempts());
    for (const [first, ...others] of byCallback(emulator.attempts())) {
      const key = first!.at < rotatedAt + PROPAGATION ? old : fresh;
      for (const { request } of [first!, ...others]) {
        const { t, sign } = JSON.parse(request.body) as { t: number; sign: string };
        expect(sign).toBe(signatureOf(key, t));
      }
    }
    await clock.advance(Math.max(oldKeyUntil - now(), 0));
    expect(await ring.resolver()({ domain: DOMAIN, appId: null })).toEqual([fresh]);
    const late = signCallback(streamPushCallback(), { key: old, clock: now });
    expect((await receiver.host.send(late)).status).toBe(401);
  });
});

describe('a change by hand', () => {
  it('is told by drift, misleads callbacks for as long as it stays, and is put right by an apply', async () => {
    const { clock, now, emulator, api, main, studio, state } = await setUpDeclared();
    const provisioner = provisionerOf(api, state, { now });
    expect(await provisioner.drift()).toMatchObject({ isInSync: true, findings: [] });

    const TemplateId = api.templates.templates[0]?.id;
    const console = sdkClient(api);
    const elsewhere = `${studio.baseUrl}/stream-interrupt`;
    await console.request('ModifyLiveCallbackTemplate', {
      TemplateId,
      StreamEndNotifyUrl: elsewhere,
    });
    await console.request('DeleteLiveCallbackRule', { DomainName: DOMAIN, AppName: 'show' });
    await clock.advance(PROPAGATION);
    const misled = emulator.pushStream({ domain: DOMAIN, streamName: 'misled' });
    const unbound = emulator.pushStream({ domain: DOMAIN, appName: 'show', streamName: 'unbound' });
    misled.interrupt();
    await expect(unbound.pushed.outcome).resolves.toBe('unbound');
    await clock.advance(MINUTE);
    expect((await studio.rows()).map(({ stream }) => stream.name)).toEqual(['misled']);

    const { isInSync, findings } = await provisioner.drift();
    expect(isInSync).toBe(false);
    expect(findings).toMatchObject([
      {
        origin: 'cloud',
        step: {
          action: 'modify-template',
          template: 'main',
          changes: [
            {
              field: 'StreamEndNotifyUrl',
              from: elsewhere,
              to: `${main.baseUrl}/stream-interrupt`,
            },
          ],
        },
      },
      { origin: 'unknown', step: { action: 'create-rule', domain: DOMAIN, appName: 'show' } },
    ]);
    await provisioner.apply();
    expect((await provisioner.drift()).isInSync).toBe(true);
    await clock.advance(PROPAGATION);
    const right = emulator.pushStream({ domain: DOMAIN, appName: 'show', streamName: 'right' });
    right.interrupt();
    await clock.advance(MINUTE);
    const names = (await main.rows()).map(({ kind, stream }) => `${stream.name} ${kind}`);
    expect(names).toEqual(['misled stream-push', 'right stream-push', 'right stream-interrupt']);
  });
});

describe('destroy', () => {
  it('ends the callbacks when it has spread, and leaves what is not of this stack', async () => {
    const { clock, now, emulator, api, main, studio, state } = await setUpDeclared();
    const StreamBeginNotifyUrl = `${studio.baseUrl}/stream-push`;
    const foreign = api.templates.createTemplate({ TemplateName: 'foreign', StreamBeginNotifyUrl });
    api.templates.createRule('other.example.com', 'live', foreign);
    const stream = emulator.pushStream({ domain: DOMAIN, streamName: 'room' });
    await clock.advance(MINUTE);

    const provisioner = provisionerOf(api, state, { now });
    expect((await provisioner.destroy()).steps).toHaveLength(3 + 2);
    expect(api.templates.templates.map(({ id }) => id)).toEqual([foreign]);
    expect(api.templates.rules.map(({ domain }) => domain)).toEqual(['other.example.com']);
    const late = stream.pushError();
    await clock.advance(PROPAGATION);
    const never = stream.interrupt();
    await clock.advance(MINUTE);
    await expect(late.outcome).resolves.toBe('acknowledged');
    await expect(never.outcome).resolves.toBe('unbound');
    expect((await main.rows()).map(({ kind }) => kind)).toEqual(['stream-push', 'push-error']);
    expect((await provisioner.destroy()).steps).toEqual([]);
    expect(formatPlan(await provisioner.plan())).toContain('+ template main');
  });
});

describe('the API', () => {
  it('tells of the streams what the applications have been told', async () => {
    const { clock, now, emulator, api, main, studio } = await setUpDeclared();
    const began = now();
    const ask = (action: string, parameters: object) => sdkClient(api).request(action, parameters);
    const iso = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;
    const period = () => ({ StartTime: iso(began), EndTime: iso(now()) });
    const first = emulator.pushStream({
      domain: DOMAIN,
      streamName: 'room',
      screenshots: { intervalMs: MINUTE },
    });
    const desk = emulator.pushStream({ domain: STUDIO_DOMAIN, streamName: 'desk' });
    await clock.advance(2 * MINUTE + 10 * SECOND);
    await main.stop();
    first.interrupt({ errcode: 3 });
    await clock.advance(150 * SECOND);
    await main.start();
    await clock.advance(10 * MINUTE);

    expect(await ask('DescribeLiveStreamOnlineList', {})).toMatchObject({
      OnlineInfo: [
        {
          StreamName: 'desk',
          DomainName: STUDIO_DOMAIN,
          PublishTimeList: [{ PublishTime: iso(began) }],
        },
      ],
      TotalNum: 1,
    });
    const stateOf = async (DomainName: string, StreamName: string) => {
      const where = { DomainName, AppName: 'live', StreamName };
      return (await ask('DescribeLiveStreamState', where))['StreamState'] as string;
    };
    expect(await stateOf(DOMAIN, 'room')).toBe('inactive');
    expect(await stateOf(STUDIO_DOMAIN, 'desk')).toBe('active');

    const rows = await main.rows();
    const interruption = rows.find(({ kind }) => kind === 'stream-interrupt');
    const told = interruption?.data as { errmsg: string; push_duration: string };
    const push = {
      StreamName: 'room',
      StreamStartTime: iso(began),
      StreamEndTime: iso(interruption!.occurredAt!.getTime()),
      StopReason: told.errmsg,
      Duration: Number(told.push_duration) / SECOND,
    };
    expect(await ask('DescribeLiveStreamEventList', period())).toMatchObject({ EventList: [push] });
    const published = await ask('DescribeLiveStreamPublishedList', {
      ...period(),
      DomainName: DOMAIN,
    });
    expect(published).toMatchObject({ PublishInfo: [push] });
    const samples = await ask('DescribeStreamPushInfoList', { ...period(), StreamName: 'room' });
    const sequences = (samples['DataInfoList'] as { Sequence: string }[]).map(
      (one) => one.Sequence,
    );
    expect(new Set(sequences)).toEqual(new Set([interruption?.sequence]));

    const records = async (StreamName: string, ResultCode: number) => {
      const question = { ...period(), StreamName, ResultCode, PageNum: 1, PageSize: 100 };
      const { DataInfoList } = await ask('DescribeCallbackRecordsList', question);
      return DataInfoList as { EventType: number; Request: string; Response: string }[];
    };
    const bodies = (found: readonly { body: string | null }[]) =>
      found.map(({ body }) => String(body)).toSorted();
    const requests = async (name: string) =>
      (await records(name, 0)).map(({ Request }) => Request).toSorted();
    expect(rows).toHaveLength(4);
    expect(await requests('room')).toEqual(bodies(rows));
    expect(await requests('desk')).toEqual(bodies(await studio.rows()));
    const failed = await records('room', 1);
    expect(failed.map(({ EventType }) => EventType)).toEqual([0, 0, 0]);
    for (const { Response } of failed) expect(Response).toContain('ECONNREFUSED');
    expect(await records('desk', 1)).toEqual([]);
    desk.interrupt();
    await clock.advance(0);
    expect(await ask('DescribeLiveStreamOnlineList', {})).toMatchObject({ TotalNum: 0 });
  });
});

describe('in real time, with seconds that are milliseconds', () => {
  it('a callback comes again until the application can be reached', async () => {
    const brief = shortenProfile(RETRY_PROFILES.current, 1_000);
    const receiver = await startReceiver({ keys: BOUND_KEYS, path: 'live-callback' });
    const proxy = await startTcpProxy('127.0.0.1', Number(new URL(receiver.baseUrl).port));
    onTestFinished(() => proxy.close());
    await proxy.cut();
    const templates = new TemplateStore();
    const emulator = new CssEmulator({
      directory: templates,
      // Intervals are short, patience is not: a slow machine must not make an attempt fail.
      profile: { ...brief, timeoutMs: RETRY_PROFILES.current.timeoutMs },
      onAttempt: (attempt) => {
        if (!attempt.isAcknowledged && attempt.retry === 3) void proxy.restore();
      },
    });
    onTestFinished(() => emulator.close());
    const api = await scratchApi({ templates, history: emulator });
    const baseUrl = `http://127.0.0.1:${proxy.port}/live-callback`;
    await provisionerOf(api, {
      stack: 'shop',
      baseUrl,
      templates: { main: { key: KEYS.main, events: MAIN_KINDS, rules: [{ domain: DOMAIN }] } },
    }).apply();
    const stream = emulator.pushStream({ domain: DOMAIN, streamName: 'room' });
    await emulator.idle();

    await expect(stream.pushed.outcome).resolves.toBe('acknowledged');
    const attempts = emulator.attempts();
    expect(attempts.map(({ retry }) => retry)).toEqual(attempts.map((_, index) => index));
    expect(attempts.length).toBeGreaterThan(4);
    const early = attempts.slice(0, -1);
    for (const [index, { endedAt, nextAttemptAt, error }] of early.entries()) {
      expect(error).toContain('ECONNREFUSED');
      expect(nextAttemptAt! - endedAt).toBe(60);
      // A timer of Node may be a millisecond early.
      expect(attempts[index + 1]!.at).toBeGreaterThanOrEqual(nextAttemptAt! - 1);
    }
    await expectStoredAndDeliveredOnce(receiver, attempts);
  });
});

/** How many there are of each kind. */
function countsOf(rows: readonly { kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of rows) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
