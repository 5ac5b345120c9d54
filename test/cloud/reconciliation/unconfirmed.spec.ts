/** An end that nobody has told of is doubted at once, and by two lists; nobody is told of what is only doubted. */
import { describe, expect, it } from 'vitest';

import type { CloudApi } from '../../../src/cloud/index.js';
import { CloudReader } from '../../../src/cloud/index.js';
import { resolveReconciliation } from '../../../src/cloud/reconciliation/reconciliation.options.js';
import { ShownPushes } from '../../../src/cloud/reconciliation/shown.pushes.js';
import { onTestFinished } from '../../support/current-test.js';
import { DATABASES, FEATURE_DATABASES } from '../../support/databases.js';
import {
  DOMAIN,
  HOUR,
  MINUTE,
  startReconciled,
  type ReconciledOptions,
} from './reconciled-host.js';

const SQLITE = DATABASES.find(({ name }) => name === 'SQLite')!;
const ROOM = { domain: DOMAIN, streamName: 'room' };
const NEVER = { eventsMs: 1_000 * HOUR };

async function start(options: Omit<ReconciledOptions, 'database'> = {}, on = SQLITE) {
  const database = await on.create();
  onTestFinished(() => database.drop());
  return startReconciled({ database: database.options, ...options });
}

describe.each(FEATURE_DATABASES)('on $name', (on) => {
  it.skipIf(on.isAbsent)(
    'a push that is twice missing from what is live is unconfirmed, and confirmed when it is back',
    async () => {
      const live = await start({ server: { edition: 'international', delays: NEVER } }, on);
      live.emulator.pushStream(ROOM);
      await live.pass(5 * MINUTE);
      expect(await live.of('room')).toMatchObject({ unconfirmedCount: 0 });
      live.isAmnesic = true;
      await live.pass(MINUTE);
      expect(await live.of('room')).toMatchObject({ unconfirmedCount: 0 });
      await live.pass(2 * MINUTE);
      expect(await live.of('room')).toMatchObject({
        state: 'live',
        openCount: 1,
        unconfirmedCount: 1,
        endedAt: null,
        pushes: [{ state: 'unconfirmed', endedAt: null }],
      });
      expect((await live.sessions.live()).items).toMatchObject([{ unconfirmedCount: 1 }]);
      live.isAmnesic = false;
      await live.pass(MINUTE);
      expect(await live.of('room')).toMatchObject({
        state: 'live',
        unconfirmedCount: 0,
        pushes: [{ state: 'open' }],
      });
      live.isAmnesic = true;
      await live.pass(3 * MINUTE);
      expect(await live.of('room')).toMatchObject({ unconfirmedCount: 1 });
    },
  );
});

it('an interruption that comes after all ends what was unconfirmed', async () => {
  const live = await start({ server: { edition: 'international', delays: NEVER } });
  const stream = live.emulator.pushStream(ROOM);
  await live.pass(5 * MINUTE);
  live.emulator.inject('reorder', { after: 'nothing', holdMs: 8 * MINUTE });
  stream.interrupt({ errcode: 3 });
  await live.pass(5 * MINUTE);
  expect(await live.of('room')).toMatchObject({ state: 'live', unconfirmedCount: 1 });
  await live.pass(5 * MINUTE);
  expect(await live.of('room')).toMatchObject({
    state: 'ended',
    endedBy: 'callback',
    openCount: 0,
    unconfirmedCount: 0,
    pushes: [{ state: 'closed' }],
  });
});

describe('the list of backup streams', () => {
  const sequences = { backupList: 'sequences', records: false } as const;

  it('gives a push its sequence, where it is believed, and the callback is the same push', async () => {
    const live = await start({ reconciliation: sequences });
    live.emulator.inject('reorder', { after: 'nothing', holdMs: 8 * MINUTE });
    const { sequence } = live.emulator.pushStream(ROOM);
    await live.pass(5 * MINUTE);
    const before = await live.of('room');
    expect(before).toMatchObject({
      startedBy: 'backup-list',
      pushes: [{ sequence, state: 'open-inferred' }],
    });
    await live.pass(5 * MINUTE);
    expect(await live.of('room')).toMatchObject({
      id: before!.id,
      startedBy: 'callback',
      pushesCount: 1,
    });
  });

  it('tells two pushes of one second apart, where its sequences are believed', async () => {
    const live = await start({ reconciliation: sequences });
    live.emulator.inject('lost-request', { attempts: Infinity, times: 2 });
    live.emulator.pushStream(ROOM);
    live.emulator.pushStream({ ...ROOM, backup: true });
    await live.pass(5 * MINUTE);
    expect(await live.of('room')).toMatchObject({ pushesCount: 2, openCount: 2 });
  });

  it('is asked once a cycle, for all domains, and not where it is off', async () => {
    const domains = [DOMAIN, 'other.example.com'];
    const asked = async (reconciliation: ReconciledOptions['reconciliation']) => {
      const live = await start({ reconciliation: { domains, ...reconciliation } });
      await live.pass(2 * MINUTE);
      return live.reconciliation.report().calls['DescribeBackupStreamList ok'];
    };
    expect(await asked({})).toBe(2);
    expect(await asked({ backupList: 'off' })).toBeUndefined();
  });

  it('concludes nothing when it fails', async () => {
    const live = await start();
    const stream = live.emulator.pushStream(ROOM);
    await live.pass(5 * MINUTE);
    live.server.fail({
      action: 'DescribeBackupStreamList',
      rate: 1,
      effect: { error: 'InternalError' },
    });
    live.emulator.inject('reorder', { after: 'nothing', holdMs: 60 * MINUTE });
    stream.interrupt();
    await live.pass(4 * MINUTE);
    expect(await live.of('room')).toMatchObject({ state: 'live', unconfirmedCount: 0 });
    expect(live.reconciliation.report().isCaughtUp).toBe(false);
  });

  it('shows what the online list lacks, and each push once', async () => {
    const at = (second: number) => `2026-03-10T12:00:0${second}Z`;
    const online = [{ StreamName: 'both', PublishTimeList: [{ PublishTime: at(0) }] }];
    const backup = [
      { StreamName: 'both', BackupList: [{ UpstreamSequence: '1', PublishTime: at(1) }] },
      { StreamName: 'only', BackupList: [{ UpstreamSequence: '2', PublishTime: at(2) }] },
    ];
    const place = { DomainName: DOMAIN, AppName: 'live' };
    const answers: Record<string, object> = {
      DescribeLiveStreamOnlineList: {
        TotalNum: 1,
        OnlineInfo: online.map((row) => ({ ...place, ...row })),
      },
      DescribeBackupStreamList: {
        StreamInfoList: backup.map(({ StreamName, BackupList }) => ({
          StreamName,
          BackupList: BackupList.map((row) => ({ ...place, ...row })),
        })),
      },
    };
    const api: CloudApi = { call: (action) => Promise.resolve(answers[action] as never) };
    const shownWith = async (backupList: 'beginnings' | 'sequences') => {
      const config = resolveReconciliation({
        domains: [DOMAIN],
        credentials: { secretId: 'a', secretKey: 'b' },
        backupList,
      });
      const shown = new ShownPushes(new CloudReader({ api }), config);
      const pushes = await shown.of(DOMAIN, await shown.running());
      return pushes.map(({ stream, origin, sequence }) => [stream.name, origin, sequence]);
    };
    expect(await shownWith('beginnings')).toEqual([
      ['both', 'online-list', null],
      ['only', 'backup-list', null],
    ]);
    expect(await shownWith('sequences')).toEqual([
      ['both', 'backup-list', '1'],
      ['only', 'backup-list', '2'],
    ]);
  });
});

describe('a standstill of the application', () => {
  const LOST = { attempts: Infinity } as const;

  it('is made up for before it is caught up: callbacks of every kind that the records hold', async () => {
    const live = await start();
    const stream = live.emulator.pushStream(ROOM);
    await live.pass(6 * MINUTE);
    live.emulator.inject('lost-request', { ...LOST, kind: 'screenshot' });
    await live.clock.advance(MINUTE);
    stream.screenshot();
    await live.clock.advance(30 * MINUTE);
    const kinds = async () => {
      const { items } = await live.audit.find({});
      return items.filter(({ origin }) => origin === 'callback-record').map(({ kind }) => kind);
    };
    expect(await kinds()).toEqual([]);
    live.server.fail({
      action: 'DescribeCallbackRecordsList',
      rate: 1,
      effect: { error: 'InternalError' },
    });
    await live.pass(MINUTE);
    expect(live.reconciliation.report()).toMatchObject({
      isCaughtUp: false,
      gapFrom: expect.any(Date) as Date,
    });
    live.server.clearFaults();
    await live.pass(MINUTE);
    expect(live.reconciliation.report()).toMatchObject({ isCaughtUp: true, gapFrom: null });
    expect(await kinds()).toEqual(['screenshot']);
    expect(live.reconciliation.report().corrections).toEqual({ 'callback callback-record': 1 });
  });

  it('that was none leaves the records of what nobody misses alone', async () => {
    const live = await start();
    live.emulator.pushStream(ROOM);
    await live.pass(8 * MINUTE);
    expect(live.reconciliation.report().calls).not.toHaveProperty('DescribeCallbackRecordsList ok');
    expect(live.reconciliation.report().gapFrom).toBeNull();
  });
});
