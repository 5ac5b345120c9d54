/** The signal `alert`: trouble is told of once when it begins and once when it ends, by whichever node. */
import type { DataSourceOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';

import {
  LiveCallback,
  LiveCallbackDeadLetters,
  LiveCallbackListeners,
  NonRetryableError,
  onLiveCallbackSignal,
  type LiveCallbackSignals,
} from '../../src/index.js';
import {
  sharedTroubles,
  type SharedFigures,
} from '../../src/operations/alerts/alert.conditions.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { recorder } from '../bullmq/recorder.js';
import { KEY, type Host } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { FEATURE_DATABASES } from '../support/databases.js';
import { HURRIED } from '../support/hurried.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { interruption, push, send as sendAll } from '../sessions/session-host.js';

const PATIENCE = { timeout: 15_000 };
const WHY = { reason: 'the ledger moves', actor: 'Ada' };
/** Three looks, in hurried time. */
const A_WHILE = 3_000;

type Alert = LiveCallbackSignals['alert'];

function listen(): Alert[] {
  const heard: Alert[] = [];
  onTestFinished(onLiveCallbackSignal('alert', (alert) => void heard.push(alert)));
  return heard;
}
const told = (heard: readonly Alert[]) =>
  heard.map(({ alert, state, listener }) => [alert, state, listener].join(' ')).toSorted();
const node = (database: DataSourceOptions, act: () => void = () => {}, name = 'default') =>
  scratchHost({
    database,
    options: { ...HURRIED, name },
    module: { providers: [recorder('orders', act).listener] },
  });
const send = (host: Host) => host.send(signCallback(streamPushCallback(), { key: KEY }));

describe.each(FEATURE_DATABASES)('on $name', ({ isAbsent, create }) => {
  describe.skipIf(isAbsent)('trouble', () => {
    it('is told of once by two nodes and over a restart, and once when it is over', async () => {
      const database = await scratchDatabase(create);
      const heard = listen();
      let isAtFault = true;
      const act = () => {
        if (isAtFault) throw new NonRetryableError('odd');
      };
      const first = await node(database, act);
      const second = await node(database, act);
      await send(first);
      await first.app.get(LiveCallbackListeners).pause('orders', WHY);
      const began = ['dead-letters begins orders', 'listener-paused begins orders'];
      await expect.poll(() => told(heard), PATIENCE).toEqual(began);
      expect(heard.find(({ alert }) => alert === 'listener-paused')).toEqual({
        alert: 'listener-paused',
        state: 'begins',
        registration: 'default',
        listener: 'orders',
        detail: 'By Ada: the ledger moves',
      });
      await second.close();
      await node(database, act);
      await new Promise((resolve) => setTimeout(resolve, A_WHILE));
      expect(told(heard)).toEqual(began);

      isAtFault = false;
      await first.app.get(LiveCallbackListeners).resume('orders', WHY);
      await first.app.get(LiveCallbackDeadLetters).replay({}, WHY);
      const all = [...began, 'dead-letters ends orders', 'listener-paused ends orders'];
      await expect.poll(() => told(heard), PATIENCE).toEqual(all.toSorted());
    });

    it('is a callback that contradicts an earlier one, and a session that nothing confirms', async () => {
      const database = await scratchDatabase(create);
      const heard = listen();
      const options = { ...HURRIED, sessions: { staleAfterHours: 2 } };
      const host = await scratchHost({ database, options });
      const hoursAgo = (hours: number) => Math.floor(Date.now() / 1000) - hours * 3_600;
      await sendAll(host, push('young', '1', hoursAgo(1)), push('old', '2', hoursAgo(3)));
      await sendAll(host, push('old', '2', hoursAgo(3), { user_ip: '198.51.100.7' }));
      const began = ['conflicting begins ', 'stale-session begins '];
      await expect.poll(() => told(heard), PATIENCE).toEqual(began);
      expect(heard.find(({ alert }) => alert === 'stale-session')).toMatchObject({
        detail: '1 sessions are live here, and perhaps over.',
      });

      await sendAll(host, interruption('old', '2', hoursAgo(0), 10_800));
      const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
      await dataSource.getRepository(LiveCallback).delete({ conflicting: true });
      const all = [...began, 'conflicting ends ', 'stale-session ends '];
      await expect.poll(() => told(heard), PATIENCE).toEqual(all.toSorted());
    });

    it('of one registration is none of the other', async () => {
      const database = await scratchDatabase(create);
      const heard = listen();
      const a = await node(database, undefined, 'tenant-a');
      await node(database, undefined, 'tenant-b');
      await a.app.get(LiveCallbackListeners).pause('orders', WHY);
      await expect.poll(() => heard.length, PATIENCE).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, A_WHILE));
      expect(heard.map(({ registration }) => registration)).toEqual(['tenant-a']);
    });
  });
});

describe('the figures', () => {
  const LIMITS = { behindMs: 300_000, caughtUpMs: 60_000, refusals: 100, uncomparedSeconds: 900 };
  const NOW = Date.UTC(2026, 10, 28);
  const figures = (given: Partial<SharedFigures>): SharedFigures => ({
    pending: new Map(),
    dead: new Map(),
    held: [],
    health: { quarantined: 0, unknown: 0 } as SharedFigures['health'],
    refused: 0,
    conflicting: 0,
    stale: 0,
    ...given,
  });
  const troubles = (given: Partial<SharedFigures>, known: string[] = []) =>
    sharedTroubles(figures(given), new Set(known), NOW, LIMITS).map(({ alert }) => alert);
  const waiting = (ageMs: number) =>
    new Map([['orders', { count: 3, oldestAt: new Date(NOW - ageMs) }]]);

  it('that say nothing is wrong are no trouble', () => {
    expect(troubles({ pending: waiting(300_000), refused: 99 })).toEqual([]);
  });

  it('at a limit do not come and go', () => {
    expect(troubles({ pending: waiting(300_001) })).toEqual(['listener-behind']);
    const known = ['listener-behind orders', 'refusals '];
    expect(troubles({ pending: waiting(60_001), refused: 50 }, known)).toEqual([
      'listener-behind',
      'refusals',
    ]);
    expect(troubles({ pending: waiting(60_000), refused: 49 }, known)).toEqual([]);
    expect(troubles({ refused: 100 })).toEqual(['refusals']);
  });

  it('of a listener that is held up are no second trouble', () => {
    const held = [
      { listener: 'orders', pausedAt: null, openedAt: new Date(NOW), openError: 'away' },
    ] as unknown as SharedFigures['held'];
    expect(troubles({ pending: waiting(900_000), held })).toEqual(['breaker-open']);
  });

  it('of sessions that this process does not work out change nothing', () => {
    expect(troubles({ stale: null })).toEqual([]);
    expect(troubles({ stale: null }, ['stale-session '])).toEqual(['stale-session']);
    expect(troubles({ stale: 0 }, ['stale-session '])).toEqual([]);
  });

  it('of the comparison with the cloud are trouble after a while, and until it is up', () => {
    const compared = (status: string, behindSeconds: number | null, known: string[] = []) => {
      const reconciliation = { status, behindSeconds, watermarkSeconds: null };
      const health = { ...figures({}).health, reconciliation } as SharedFigures['health'];
      return troubles({ health }, known);
    };
    const known = ['reconciliation-behind '];
    expect(compared('failing', 899)).toEqual([]);
    expect(compared('failing', null)).toEqual([]);
    expect(compared('behind', 900)).toEqual(['reconciliation-behind']);
    expect(compared('refused', null)).toEqual(['reconciliation-behind']);
    expect(compared('failing', 60, known)).toEqual(['reconciliation-behind']);
    expect(compared('up', 60, known)).toEqual([]);
  });

  it('of what waits for somebody are told', () => {
    const health = { quarantined: 2, unknown: 1 } as SharedFigures['health'];
    expect(troubles({ health, dead: waiting(1) })).toEqual([
      'dead-letters',
      'quarantined',
      'unknown',
    ]);
  });
});
