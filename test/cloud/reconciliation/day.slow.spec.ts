/**
 * 200 streams, of whose callbacks three of ten are lost and most others are late: sessions become what has
 * happened, and no call is made faster than it may be. Three hours on PostgreSQL; with TIMED=1 a whole day, on
 * each database and in both editions of the cloud.
 */
import { describe, expect, it } from 'vitest';

import { onTestFinished } from '../../support/current-test.js';
import { DATABASES } from '../../support/databases.js';
import { BAD_NETWORK, DELAYS, HALF_FAILS, liveThrough } from './emulated-day.js';
import { knownSessions, MINUTE, startReconciled, trueSessions } from './reconciled-host.js';

/** By action, per second: a tenth of what is documented, and what a bucket holds. */
const MOST = {
  DescribeLiveStreamOnlineList: 16,
  DescribeLiveStreamEventList: 60,
  DescribeLiveStreamState: 60,
  DescribeCallbackRecordsList: 4,
  DescribeBackupStreamList: 4,
};

const isWhole = process.env['TIMED'] === '1';
const HOURS = isWhole ? 24 : 3;
const CASES = [
  ['mainland', 'half of the reads fail', HALF_FAILS],
  ['mainland', 'reads answer', []],
  ['international', 'reads answer', []],
] as const;

describe.each(DATABASES.filter(({ name }) => isWhole || name === 'PostgreSQL'))(
  `${HOURS} hours on $name`,
  ({ create, isAbsent }) => {
    it.skipIf(isAbsent).each(isWhole ? CASES : CASES.slice(0, 1))(
      'end as they were: %s, %s',
      { timeout: 1_800_000 },
      async (edition, _how, faults) => {
        const database = await create();
        onTestFinished(() => database.drop());
        const live = await startReconciled({
          database: database.options,
          emulator: { network: BAD_NETWORK },
          server: { edition, delays: DELAYS },
        });
        for (const fault of faults) live.server.fail(fault);
        await liveThrough(live, { streams: 200, hours: HOURS, seed: 5 });
        live.server.clearFaults();
        await live.pass(10 * MINUTE);
        const truth = trueSessions(live);
        expect(truth.length).toBeGreaterThan(isWhole ? 400 : 150);
        // Without callback records nothing tells of a beginning but the interruption, where that came.
        expect(await knownSessions(live, edition === 'mainland')).toEqual(truth);
        for (const [action, most] of Object.entries(MOST)) {
          expect(live.server.peakOf(action)).toBeLessThanOrEqual(most);
        }
        const { corrections, isCaughtUp, calls } = live.reconciliation.report();
        expect(isCaughtUp).toBe(true);
        expect(
          Object.keys(calls).filter((call) => call.includes('Limit') && faults.length === 0),
        ).toEqual([]);
        const sources = new Set(Object.keys(corrections).map((key) => key.split(' ')[1]));
        const possible = ['event-list', 'backup-list', 'online-list', 'callback-record'];
        expect([...sources].filter((source) => !possible.includes(source ?? ''))).toEqual([]);
      },
    );
  },
);
