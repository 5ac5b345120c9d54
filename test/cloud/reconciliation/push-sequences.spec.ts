/** The samples of a push give its sequence where lists have none; nothing is taken that is not certain. */
import { describe, expect, it } from 'vitest';

import { onTestFinished } from '../../support/current-test.js';
import { DATABASES } from '../../support/databases.js';
import { DOMAIN, MINUTE, startReconciled, type ReconciledOptions } from './reconciled-host.js';

const ROOM = { domain: DOMAIN, streamName: 'room' };

async function start(reconciliation: ReconciledOptions['reconciliation'] = { pushSamples: true }) {
  const database = await DATABASES.find(({ name }) => name === 'SQLite')!.create();
  onTestFinished(() => database.drop());
  const server = { edition: 'international' } as const;
  return startReconciled({ database: database.options, server, reconciliation });
}
const asked = (live: Awaited<ReturnType<typeof start>>) =>
  live.reconciliation.report().calls['DescribeStreamPushInfoList ok'];

describe('with samples', () => {
  it('a push that only the online list tells of has its sequence, and its callback is the same push', async () => {
    const live = await start();
    live.emulator.inject('reorder', { after: 'nothing', holdMs: 8 * MINUTE });
    const { sequence } = live.emulator.pushStream(ROOM);
    await live.pass(5 * MINUTE);
    const before = await live.of('room');
    expect(before).toMatchObject({
      startedBy: 'online-list',
      pushes: [{ sequence, state: 'open-inferred' }],
    });
    expect(asked(live)).toBe(1);
    await live.pass(5 * MINUTE);
    expect(await live.of('room')).toMatchObject({
      id: before!.id,
      startedBy: 'callback',
      pushesCount: 1,
    });
  });

  it('so has one of which both callbacks are lost', async () => {
    const live = await start();
    live.emulator.inject('lost-request', { attempts: Infinity, times: 2 });
    const stream = live.emulator.pushStream(ROOM);
    await live.clock.advance(30_000);
    stream.interrupt();
    await live.pass(10 * MINUTE);
    const { sequence } = stream;
    expect(await live.of('room')).toMatchObject({
      endedBy: 'event-list',
      pushes: [{ sequence, state: 'closed-inferred' }],
    });
  });

  it('two pushes that began in one moment are not told apart', async () => {
    const live = await start();
    live.emulator.inject('lost-request', { attempts: Infinity, times: 2 });
    live.emulator.pushStream(ROOM);
    live.emulator.pushStream({ ...ROOM, backup: true });
    await live.pass(5 * MINUTE);
    expect((await live.of('room'))!.pushes).toMatchObject([
      { sequence: expect.stringMatching(/^~/) },
    ]);
  });

  it('where they cannot be had nothing is concluded, until they can', async () => {
    const live = await start();
    live.emulator.inject('lost-request', { attempts: Infinity });
    const { sequence } = live.emulator.pushStream(ROOM);
    const action = 'DescribeStreamPushInfoList';
    live.server.fail({ action, rate: 1, effect: { error: 'InternalError' } });
    await live.pass(5 * MINUTE);
    expect(await live.of('room')).toBeNull();
    live.server.clearFaults();
    await live.pass(2 * MINUTE);
    expect(await live.of('room')).toMatchObject({ pushes: [{ sequence }] });
  });
});

it('without the option they are not asked for', async () => {
  const live = await start({});
  live.emulator.inject('lost-request', { attempts: Infinity });
  live.emulator.pushStream(ROOM);
  await live.pass(5 * MINUTE);
  expect((await live.of('room'))!.pushes).toMatchObject([
    { sequence: expect.stringMatching(/^~/) },
  ]);
  expect(asked(live)).toBeUndefined();
});
