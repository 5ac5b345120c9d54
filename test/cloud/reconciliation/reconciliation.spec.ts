/** What no callback has told is found in the cloud, and nothing is concluded from what it does not say. */
import { describe, expect, it } from 'vitest';

import { LiveCallbackAuditService, onLiveCallbackSignal } from '../../../src/index.js';
import { resolveReconciliation } from '../../../src/cloud/reconciliation/reconciliation.options.js';
import { EventRecorder } from '../../support/event-recorder.js';
import { onTestFinished } from '../../support/current-test.js';
import { DATABASES } from '../../support/databases.js';
import {
  DOMAIN,
  HOUR,
  knownSessions,
  MINUTE,
  startReconciled,
  trueSessions,
  type ReconciledOptions,
} from './reconciled-host.js';

const SQLITE = DATABASES.find(({ name }) => name === 'SQLite')!;
const ROOM = { domain: DOMAIN, streamName: 'room' };

async function start(options: Omit<ReconciledOptions, 'database'> = {}) {
  const database = await SQLITE.create();
  onTestFinished(() => database.drop());
  return startReconciled({ database: database.options, ...options });
}

describe('a push whose callback was lost', () => {
  it('is live by its callback record, and listeners get the true body', async () => {
    const live = await start();
    const signals: object[] = [];
    onTestFinished(onLiveCallbackSignal('corrected', (signal) => signals.push(signal)));
    onTestFinished(onLiveCallbackSignal('asked', (signal) => signals.push(signal)));
    live.emulator.inject('lost-request', { attempts: Infinity });
    const { sequence } = live.emulator.pushStream(ROOM);
    await live.pass(MINUTE);
    expect(await live.of('room')).toBeNull();
    await live.pass(3 * MINUTE);
    expect(await live.of('room')).toMatchObject({
      state: 'live',
      startedBy: 'callback-record',
      pushes: [{ sequence, state: 'open' }],
    });
    const events = live.host.app.get(EventRecorder).events;
    expect(events).toMatchObject([{ kind: 'stream-push', origin: 'callback-record' }]);
    expect(live.reconciliation.report()).toMatchObject({
      corrections: { 'callback callback-record': 1 },
      // The first of them, and its repetition of before the records were asked.
      failedAttempts: 2,
    });
    expect(signals).toContainEqual({ action: 'DescribeLiveStreamOnlineList', outcome: 'ok' });
    expect(signals).toContainEqual({
      what: 'callback',
      source: 'callback-record',
      stream: 'room',
    });
  });

  it('is live by the online list, where there are no records', async () => {
    const live = await start({ server: { edition: 'international' } });
    live.emulator.inject('lost-request', { attempts: Infinity });
    live.emulator.pushStream(ROOM);
    await live.pass(4 * MINUTE);
    expect(await live.of('room')).toMatchObject({
      state: 'live',
      startedBy: 'online-list',
      pushes: [{ state: 'open-inferred' }],
    });
    expect(live.reconciliation.report().corrections).toEqual({ 'start online-list': 1 });
  });
});

describe('an interruption that was lost', () => {
  it('is taken from its callback record', async () => {
    const live = await start();
    const stream = live.emulator.pushStream(ROOM);
    await live.pass(10 * MINUTE);
    live.emulator.inject('lost-request', { attempts: Infinity });
    stream.interrupt({ errcode: 3 });
    await live.pass(10 * MINUTE);
    expect(await live.of('room')).toMatchObject({
      state: 'ended',
      endedBy: 'callback-record',
      endReason: { errcode: 3 },
    });
    expect(await knownSessions(live)).toEqual(trueSessions(live));
  });

  it('follows from the event list, where there are no records', async () => {
    const live = await start({ server: { edition: 'international' } });
    const stream = live.emulator.pushStream(ROOM);
    await live.pass(10 * MINUTE);
    live.emulator.inject('lost-request', { attempts: Infinity });
    stream.interrupt();
    await live.pass(10 * MINUTE);
    expect(await live.of('room')).toMatchObject({ endedBy: 'event-list', startedBy: 'callback' });
    expect(await knownSessions(live)).toEqual(trueSessions(live));
  });

  it('follows from a stream that is inactive for as long as CSS tries, and from nothing before', async () => {
    const never = { eventsMs: 1_000 * HOUR };
    const live = await start({ server: { edition: 'international', delays: never } });
    const stream = live.emulator.pushStream(ROOM);
    await live.pass(10 * MINUTE);
    live.emulator.inject('lost-request', { attempts: Infinity });
    stream.interrupt();
    await live.pass(15 * MINUTE);
    expect(await live.of('room')).toMatchObject({ state: 'live' });
    expect(live.reconciliation.report().candidates).toBe(1);
    await live.pass(10 * MINUTE);
    const ended = (await live.of('room'))!;
    expect(ended).toMatchObject({ state: 'ended', endedBy: 'online-list' });
    expect(stream.session.endedAt! - ended.endedAt!.getTime()).toBeLessThanOrEqual(MINUTE);
    expect(live.reconciliation.report()).toMatchObject({
      candidates: 0,
      corrections: { 'end online-list': 1 },
    });
  });
});

describe('both callbacks lost', () => {
  it.each(['mainland', 'international'] as const)(
    'the push is known all the same: %s',
    async (edition) => {
      const live = await start({ server: { edition } });
      live.emulator.inject('lost-request', { attempts: Infinity, times: 2 });
      const stream = live.emulator.pushStream(ROOM);
      await live.clock.advance(30_000);
      stream.interrupt();
      await live.pass(10 * MINUTE);
      expect(await knownSessions(live)).toEqual(trueSessions(live));
      const isOnRecord = edition === 'mainland';
      expect(live.host.app.get(EventRecorder).events).toHaveLength(isOnRecord ? 2 : 0);
      expect(await live.of('room')).toMatchObject({
        endedBy: isOnRecord ? 'callback-record' : 'event-list',
      });
    },
  );
});

describe('a callback that comes after all', () => {
  it('is the push that a list told of, and not another', async () => {
    const live = await start({ server: { edition: 'international' } });
    live.emulator.inject('reorder', { after: 'nothing', holdMs: 8 * MINUTE });
    const stream = live.emulator.pushStream(ROOM);
    await live.pass(5 * MINUTE);
    const before = (await live.of('room'))!;
    expect(before).toMatchObject({ startedBy: 'online-list', pushesCount: 1 });
    await live.pass(5 * MINUTE);
    const after = (await live.of('room'))!;
    expect(after).toMatchObject({
      startedBy: 'callback',
      pushesCount: 1,
      openCount: 1,
      pushes: [{ sequence: stream.sequence, state: 'open' }],
    });
    expect((await live.sessions.get(before.id))!.id).toBe(after.id);
    stream.interrupt();
    await live.pass(10 * MINUTE);
    expect(await live.of('room')).toMatchObject({ state: 'ended', openCount: 0, pushesCount: 1 });
  });

  it('is no second one beside its record, nor a variant of it', async () => {
    const live = await start();
    live.emulator.inject('lost-request', { attempts: 8 });
    live.emulator.pushStream(ROOM);
    await live.pass(15 * MINUTE);
    const audit = live.host.app.get(LiveCallbackAuditService, { strict: false });
    const { items } = await audit.find({ kind: 'stream-push' });
    expect(items).toMatchObject([{ conflicting: false, receiptsCount: 2 }]);
  });
});

describe('nothing changes by', () => {
  const READS = [
    'DescribeLiveStreamOnlineList',
    'DescribeLiveStreamEventList',
    'DescribeLiveStreamState',
  ];

  it.each([
    ['an error', { error: 'InternalError' }],
    ['a key that is revoked', { error: 'AuthFailure.SecretIdNotFound' }],
    ['rows that are missing', { lessRows: 1 }],
    ['a name that is missing', { without: 'StreamName' }],
    ['an end that is missing', { without: 'StreamEndTime' }],
  ] as const)('%s', async (_what, effect) => {
    const live = await start({ server: { edition: 'international' } });
    const stream = live.emulator.pushStream(ROOM);
    await live.pass(5 * MINUTE);
    const { watermarkAt } = live.reconciliation.report();
    const before = await live.of('room');
    for (const action of READS) live.server.fail({ action, rate: 1, effect });
    live.emulator.inject('lost-request', { attempts: Infinity });
    stream.interrupt();
    await live.pass(20 * MINUTE);
    expect(await live.of('room')).toMatchObject({ id: before!.id, state: 'live' });
    const { isCaughtUp, corrections, watermarkAt: after } = live.reconciliation.report();
    expect({ isCaughtUp, corrections }).toEqual({ isCaughtUp: false, corrections: {} });
    expect(after).toEqual(watermarkAt);
    live.server.clearFaults();
    await live.pass(6 * MINUTE);
    expect(await knownSessions(live)).toEqual(trueSessions(live));
    expect(live.reconciliation.report().isCaughtUp).toBe(true);
  });
});

describe('several processes', () => {
  it('take turns: one compares, and another takes over when it stops', async () => {
    const database = await SQLITE.create();
    onTestFinished(() => database.drop());
    const first = await startReconciled({ database: database.options });
    const second = await startReconciled({ database: database.options });
    expect(await first.reconciliation.cycle()).toMatchObject({ isLeader: true });
    expect(await second.reconciliation.cycle()).toEqual({
      isLeader: false,
      isWhole: false,
      watermarkAt: null,
      gapFrom: null,
    });
    expect(second.server.requests).toEqual([]);
    expect(second.reconciliation.report()).toMatchObject({ isLeader: false, isCaughtUp: false });
    await first.host.close();
    expect(await second.reconciliation.cycle()).toMatchObject({ isLeader: true, isWhole: true });
  });

  it('of which none ran for hours: all of them are compared, before it is caught up', async () => {
    const live = await start();
    await live.pass(6 * MINUTE);
    live.emulator.inject('lost-request', { attempts: Infinity, times: 4 });
    for (const streamName of ['early', 'late']) {
      const stream = live.emulator.pushStream({ ...ROOM, streamName });
      await live.clock.advance(2 * HOUR);
      stream.interrupt({ errcode: 3 });
      await live.clock.advance(2 * HOUR);
    }
    expect(live.reconciliation.report().isCaughtUp).toBe(false);
    await live.pass(MINUTE);
    expect(await knownSessions(live)).toEqual(trueSessions(live));
    expect(live.host.app.get(EventRecorder).events).toHaveLength(4);
    expect(live.reconciliation.report().isCaughtUp).toBe(true);
  });
});

describe('a record', () => {
  it('that is signed with a key of nobody is not taken', async () => {
    const live = await start();
    live.emulator.inject('wrong-sign', { attempts: Infinity });
    live.emulator.pushStream(ROOM);
    await live.pass(4 * MINUTE);
    expect(live.host.app.get(EventRecorder).events).toEqual([]);
    expect(await live.of('room')).toMatchObject({ startedBy: 'online-list' });
  });
});

it('a stream that is called over, and is live all the same, is live again', async () => {
  const live = await start({ server: { edition: 'international' } });
  live.emulator.pushStream(ROOM);
  await live.pass(5 * MINUTE);
  live.isAmnesic = true;
  await live.pass(25 * MINUTE);
  expect(await live.of('room')).toMatchObject({ endedBy: 'online-list' });
  live.isAmnesic = false;
  await live.pass(2 * MINUTE);
  expect(await live.of('room')).toMatchObject({ state: 'live', startedBy: 'callback' });
});

describe('options', () => {
  const given = { domains: [DOMAIN], credentials: { secretId: 'a', secretKey: 'b' } };

  it.each([
    ['domains', { domains: [] }],
    ['paths', { paths: [''] }],
    ['rateShare', { rateShare: 1.5 }],
    ['settleSeconds', { settleSeconds: 0 }],
    ['patienceSeconds', { patienceSeconds: 1 }],
    ['onlinePageSize', { edition: 'international', onlinePageSize: 101 }],
  ] as const)('with %s that cannot be are refused', (name, change) => {
    expect(() => resolveReconciliation({ ...given, ...change })).toThrow(name);
  });

  it('are cautious by default', () => {
    expect(resolveReconciliation(given)).toMatchObject({ edition: 'mainland', rateShare: 0.1 });
    const endpoint = 'live.intl.tencentcloudapi.com';
    expect(resolveReconciliation({ ...given, endpoint })).toMatchObject({
      edition: 'international',
      records: false,
    });
  });

  it('want sessions', async () => {
    await expect(start({ options: { sessions: undefined } })).rejects.toThrow(/has none/);
  });
});
