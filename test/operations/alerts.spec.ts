/** The signal `alert`: trouble is told of once when it begins and once when it ends, by whichever node. */
import type { DataSourceOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';

import {
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
import { recorder } from '../bullmq/recorder.js';
import { KEY, type Host } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { DATABASES } from '../support/databases.js';
import { HURRIED } from '../support/hurried.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

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

describe.each(DATABASES)('on $name', ({ isAbsent, create }) => {
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
  const LIMITS = { behindMs: 300_000, caughtUpMs: 60_000, refusals: 100 };
  const NOW = Date.UTC(2026, 10, 28);
  const figures = (given: Partial<SharedFigures>): SharedFigures => ({
    pending: new Map(),
    dead: new Map(),
    held: [],
    health: { quarantined: 0, unknown: 0 } as SharedFigures['health'],
    refused: 0,
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

  it('of what waits for somebody are told', () => {
    const health = { quarantined: 2, unknown: 1 } as SharedFigures['health'];
    expect(troubles({ health, dead: waiting(1) })).toEqual([
      'dead-letters',
      'quarantined',
      'unknown',
    ]);
  });
});
