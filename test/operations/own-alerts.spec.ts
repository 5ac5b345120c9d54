/** Alerts that each process tells of itself: its database is away, or its clock is wrong. */
import { describe, expect, it } from 'vitest';

import { onLiveCallbackSignal, type LiveCallbackSignals } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { HURRIED } from '../support/hurried.js';
import { OUTAGES } from '../support/outages.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';

const PATIENCE = { timeout: 20_000 };

/** What is told from now on, until the test is over. */
function listen(): string[] {
  const heard: string[] = [];
  const hear = ({ alert, state, detail }: LiveCallbackSignals['alert']) =>
    heard.push([alert, state, detail].join(' ').trim());
  onTestFinished(onLiveCallbackSignal('alert', hear));
  return heard;
}

describe.each(OUTAGES)('the database: $name', ({ isAbsent, create }) => {
  it.skipIf(isAbsent)('that is away is told of by each process, and so is its return', async () => {
    const database = await create();
    const heard = listen();
    for (let node = 0; node < 2; node++) {
      await scratchHost({ database: database.options, options: HURRIED });
    }
    await database.begin();
    const began =
      'storage-down begins The database takes nothing; callbacks are answered with 503.';
    await expect.poll(() => heard, PATIENCE).toEqual([began, began]);
    await database.end();
    const ended = 'storage-down ends';
    await expect.poll(() => heard, PATIENCE).toEqual([began, began, ended, ended]);
  });
});

it('a database that is away is told of although the spool takes callbacks', async () => {
  const database = await OUTAGES.find(({ name }) => name.startsWith('SQLite'))!.create();
  const heard = listen();
  const spool = { path: `${String(database.options.database)}.spool` };
  await scratchHost({ database: database.options, options: { ...HURRIED, spool } });
  await database.begin();
  const began = 'storage-down begins The database takes nothing; callbacks are kept in the spool.';
  await expect.poll(() => heard, PATIENCE).toEqual([began]);
  await database.end();
  await expect.poll(() => heard, PATIENCE).toEqual([began, 'storage-down ends']);
});

it('a clock by which everything is refused is told of, and when it is right again', async () => {
  let ahead = 0;
  const heard = listen();
  const host = await scratchHost({
    database: await scratchDatabase(),
    options: { ...HURRIED, clock: () => Date.now() + ahead },
  });
  const send = async () =>
    (await host.send(signCallback(streamPushCallback(), { key: KEY }))).status;
  expect(await send()).toBe(200);
  ahead = 700_000;
  expect(await send()).toBe(401);
  const isOff = /^clock-wrong begins The clock of this host is off by (700|699|701) s; /;
  await expect.poll(() => heard, PATIENCE).toEqual([expect.stringMatching(isOff)]);
  ahead = 0;
  await expect.poll(() => heard, PATIENCE).toHaveLength(2);
  expect(heard[1]).toBe('clock-wrong ends');
});
