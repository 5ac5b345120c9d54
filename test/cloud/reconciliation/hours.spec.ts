/** An hour of some streams, of whose callbacks three of ten are lost: sessions become what has happened. */
import { expect, it } from 'vitest';

import { onTestFinished } from '../../support/current-test.js';
import { DATABASES } from '../../support/databases.js';
import { BAD_NETWORK, DELAYS, HALF_FAILS, liveThrough } from './emulated-day.js';
import { knownSessions, MINUTE, startReconciled, trueSessions } from './reconciled-host.js';

const SQLITE = DATABASES.find(({ name }) => name === 'SQLite')!;

it('sessions are what has happened, although callbacks are lost and half of the reads fail', async () => {
  const database = await SQLITE.create();
  onTestFinished(() => database.drop());
  const live = await startReconciled({
    database: database.options,
    emulator: { network: BAD_NETWORK },
    server: { delays: DELAYS },
  });
  for (const fault of HALF_FAILS) live.server.fail(fault);
  await liveThrough(live, { streams: 8, hours: 1, seed: 5 });
  live.server.clearFaults();
  await live.pass(10 * MINUTE);
  expect(await knownSessions(live)).toEqual(trueSessions(live));
  const { corrections, calls } = live.reconciliation.report();
  expect(Object.keys(corrections)).not.toEqual([]);
  expect(calls).toHaveProperty('DescribeLiveStreamOnlineList NoAnswer');
});
