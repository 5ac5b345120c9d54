/** What reconciliation finds missing reaches the listeners that want it, once: as it was made, or as it came after all. */
import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';

import { OnLiveEvent, type LiveEvent, type LiveEventOrigin } from '../../../src/index.js';
import { whenListenersDone } from '../../../src/testing/index.js';
import { EventRecorder } from '../../support/event-recorder.js';
import { onTestFinished } from '../../support/current-test.js';
import { DATABASES, FEATURE_DATABASES } from '../../support/databases.js';
import { errorOfStart, scratchHost } from '../../support/scratch.js';
import { DOMAIN, MINUTE, startReconciled, type ReconciledOptions } from './reconciled-host.js';

const SQLITE = DATABASES.find(({ name }) => name === 'SQLite')!;
const ROOM = { domain: DOMAIN, streamName: 'room' };
const LOST = { attempts: Infinity } as const;

type PushEvent = LiveEvent<'stream-push' | 'stream-interrupt'>;

/** Keeps what it handles; fails on what it is told to. */
@Injectable()
class Rooms {
  readonly events: PushEvent[] = [];
  refuses: (event: PushEvent) => boolean = () => false;

  @OnLiveEvent(['stream-push', 'stream-interrupt'], {
    id: 'rooms',
    reconciled: true,
    backoffMs: 0,
  })
  on(event: PushEvent): void {
    if (this.refuses(event)) throw new Error('not now');
    this.events.push(event);
  }

  get told(): [string, LiveEventOrigin][] {
    return this.events.map(({ kind, origin }) => [kind, origin]);
  }
}

async function start(options: Omit<ReconciledOptions, 'database'> = {}, of = SQLITE) {
  const database = await of.create();
  onTestFinished(() => database.drop());
  const live = await startReconciled({
    database: database.options,
    server: { edition: 'international' },
    ...options,
    providers: [Rooms],
  });
  const rooms = live.host.app.get(Rooms);
  const { audit } = live;
  const deliveriesOf = async (kind: string, origin: LiveEventOrigin) => {
    const { items } = await audit.find({ kind });
    const rows = await Promise.all(items.map(({ id }) => audit.get(id)));
    return rows
      .filter((row) => row?.origin === origin)
      .flatMap((row) => row!.deliveries)
      .filter(({ listener }) => listener === 'rooms');
  };
  return Object.assign(live, { rooms, deliveriesOf });
}

describe.each(FEATURE_DATABASES)('on $name', (on) => {
  it.skipIf(on.isAbsent)(
    'a push that only the cloud tells of reaches who asks, and when it comes after all, all others',
    async () => {
      const live = await start({}, on);
      const all = live.host.app.get(EventRecorder);
      live.emulator.inject('reorder', { after: 'nothing', holdMs: 8 * MINUTE });
      const { sequence, session } = live.emulator.pushStream(ROOM);
      await live.pass(5 * MINUTE);
      expect(live.rooms.events).toMatchObject([
        {
          kind: 'stream-push',
          origin: 'online-list',
          reconciled: true,
          stream: { domain: DOMAIN, path: 'live', name: 'room' },
          occurredAt: new Date(Math.floor(session.startedAt / 1000) * 1000),
          data: { app: DOMAIN, appname: 'live', stream_id: 'room' },
          raw: { reconciled: { row: { StreamName: 'room' } } },
        },
      ]);
      expect(all.events).toEqual([]);
      const { items } = await live.audit.find({ state: 'reconciled' });
      expect(items).toMatchObject([{ kind: 'stream-push', state: 'reconciled' }]);
      await live.pass(5 * MINUTE);
      expect(all.events).toMatchObject([
        { kind: 'stream-push', origin: 'callback', data: { sequence } },
      ]);
      expect(live.rooms.told).toEqual([['stream-push', 'online-list']]);
      expect(await live.deliveriesOf('stream-push', 'callback')).toMatchObject([
        { state: 'superseded', lastError: expect.stringContaining(items[0]!.id) as string },
      ]);
      expect((await live.audit.find({ delivery: 'superseded' })).items).toHaveLength(1);
      const [{ id }] = all.events as [PushEvent];
      await live.audit.replay(id, { reason: 'wanted', actor: 'test', listeners: ['rooms'] });
      await whenListenersDone(live.host.app);
      expect(live.rooms.told.at(-1)).toEqual(['stream-push', 'callback']);
    },
  );

  it.skipIf(on.isAbsent)('what the event list tells of comes in its order', async () => {
    const live = await start({}, on);
    live.emulator.inject('lost-request', { ...LOST, times: 2 });
    const stream = live.emulator.pushStream(ROOM);
    await live.clock.advance(30_000);
    stream.interrupt({ errcode: 3 });
    await live.pass(10 * MINUTE);
    expect(live.rooms.told).toEqual([
      ['stream-push', 'event-list'],
      ['stream-interrupt', 'event-list'],
    ]);
    const [, interrupt] = live.rooms.events;
    expect(interrupt!.data).toMatchObject({
      push_duration: 30_000,
      user_ip: session(live).clientIp,
    });
    expect(interrupt!.data.errcode).toBeUndefined();
    const before = live.rooms.events.length;
    await live.pass(30 * MINUTE);
    expect(live.rooms.events).toHaveLength(before);
  });
});

const session = (live: Awaited<ReturnType<typeof start>>) => live.emulator.sessions()[0]!;

it('an interruption of a push that is known has its sequence, and a late one is not run again', async () => {
  const live = await start();
  const stream = live.emulator.pushStream(ROOM);
  await live.pass(10 * MINUTE);
  live.emulator.inject('reorder', { after: 'nothing', holdMs: 20 * MINUTE });
  stream.interrupt({ errcode: 3 });
  await live.pass(10 * MINUTE);
  expect(live.rooms.events.at(-1)).toMatchObject({
    kind: 'stream-interrupt',
    origin: 'event-list',
    data: { sequence: stream.sequence },
  });
  await live.pass(15 * MINUTE);
  expect(await live.of('room')).toMatchObject({ endedBy: 'callback', endReason: { errcode: 3 } });
  expect(live.rooms.told).toEqual([
    ['stream-push', 'callback'],
    ['stream-interrupt', 'event-list'],
  ]);
  expect(await live.deliveriesOf('stream-interrupt', 'callback')).toMatchObject([
    { state: 'superseded' },
  ]);
});

it('a listener that could not handle what was made gets what came', async () => {
  const live = await start();
  live.rooms.refuses = ({ reconciled }) => reconciled === true;
  live.emulator.inject('reorder', { after: 'nothing', holdMs: 8 * MINUTE });
  live.emulator.pushStream(ROOM);
  const passing = live.pass(4 * MINUTE);
  // It is tried for ever so long: the minutes are those of the cloud.
  await passing.catch(() => {});
  await live.pass(6 * MINUTE).catch(() => {});
  await whenListenersDone(live.host.app);
  expect(live.rooms.told).toEqual([['stream-push', 'callback']]);
  expect(await live.deliveriesOf('stream-push', 'callback')).toMatchObject([{ state: 'done' }]);
});

it('a push that was called over wrongly is told again, and its interruption is run', async () => {
  const live = await start();
  const stream = live.emulator.pushStream(ROOM);
  await live.pass(5 * MINUTE);
  live.isAmnesic = true;
  await live.pass(25 * MINUTE);
  live.isAmnesic = false;
  await live.pass(3 * MINUTE);
  stream.interrupt();
  await live.pass(3 * MINUTE);
  expect(live.rooms.told).toEqual([
    ['stream-push', 'callback'],
    ['stream-interrupt', 'online-list'],
    ['stream-push', 'online-list'],
    ['stream-interrupt', 'callback'],
  ]);
});

it('of two pushes that begin at once and one that was made, the second that comes is run', async () => {
  const live = await start();
  live.emulator.inject('reorder', { after: 'nothing', holdMs: 8 * MINUTE, times: 2 });
  live.emulator.pushStream(ROOM);
  live.emulator.pushStream({ ...ROOM, backup: true });
  await live.pass(5 * MINUTE);
  expect(live.rooms.told).toEqual([['stream-push', 'online-list']]);
  await live.pass(5 * MINUTE);
  expect(live.rooms.told).toEqual([
    ['stream-push', 'online-list'],
    ['stream-push', 'callback'],
  ]);
});

it('a callback that may be any of two that were made is run beside them', async () => {
  const live = await start();
  live.emulator.inject('reorder', { after: 'nothing', holdMs: 8 * MINUTE, times: 2 });
  live.emulator.pushStream(ROOM);
  await live.clock.advance(1_000);
  live.emulator.pushStream({ ...ROOM, backup: true });
  await live.pass(10 * MINUTE);
  expect(live.rooms.told).toEqual([
    ['stream-push', 'online-list'],
    ['stream-push', 'online-list'],
    ['stream-push', 'callback'],
    ['stream-push', 'callback'],
  ]);
  expect(await live.of('room')).toMatchObject({ pushesCount: 2, openCount: 2 });
});

it('a true body from the records is no reconciled event', async () => {
  const live = await start({ server: {} });
  live.emulator.inject('lost-request', LOST);
  live.emulator.pushStream(ROOM);
  await live.pass(4 * MINUTE);
  expect(live.rooms.events).toMatchObject([{ origin: 'callback-record' }]);
  expect(live.rooms.events[0]).not.toHaveProperty('reconciled');
  expect((await live.audit.find({ state: 'reconciled' })).items).toEqual([]);
});

it('a reconciled event has no part in the identity of callbacks', async () => {
  const live = await start();
  live.emulator.inject('reorder', { after: 'nothing', holdMs: 8 * MINUTE });
  live.emulator.pushStream(ROOM);
  await live.pass(10 * MINUTE);
  const { items } = await live.audit.find({ kind: 'stream-push' });
  expect(items).toMatchObject([
    { state: 'accepted', conflicting: false },
    { state: 'reconciled', conflicting: false },
  ]);
  await live.sessions.rebuild();
  expect(await live.of('room')).toMatchObject({ pushesCount: 1, startedBy: 'callback' });
});

it.each([
  [{ reconciled: 'yes' }, 'reconciled must be true or false'],
  [{ reconciled: true, order: 'none' }, "reconciled wants order 'stream'"],
])('a listener with %j stops the start', async (options, message) => {
  class Odd {
    @OnLiveEvent('stream-push', options as never)
    on(): void {}
  }
  const error = await errorOfStart(scratchHost({ module: { providers: [Odd] } }));
  expect(error.message).toContain(message);
});
