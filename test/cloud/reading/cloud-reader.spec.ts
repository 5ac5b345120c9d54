/**
 * Questions about streams, against the emulated cloud: what answers become, that a list is whole or an error,
 * and that no call comes faster than a part of the documented rate.
 */
import { describe, expect, it } from 'vitest';

import {
  CloudAnswerError,
  CloudApiError,
  CloudReader,
  editionOf,
  type CloudApi,
} from '../../../src/cloud/index.js';
import type { ApiFault } from '../../../src/emulator/index.js';
import { parseCloudTime } from '../../../src/cloud/reading/cloud-time.js';
import { DOMAIN, HOUR, MINUTE, scratchCloud } from './reading-support.js';

const ONLINE = 'DescribeLiveStreamOnlineList';
const ROOM = { domain: DOMAIN, path: 'live', name: 'room' };

describe('an answer', () => {
  it('names the streams that are live, with the beginning of each push', async () => {
    const { clock, emulator, reader } = await scratchCloud();
    const began = clock.now();
    emulator.pushStream({ domain: DOMAIN, streamName: 'room' });
    await clock.advance(MINUTE + 400);
    const { sequence } = emulator.pushStream({ domain: DOMAIN, streamName: 'room', backup: true });
    emulator.pushStream({ domain: 'other.example.com', streamName: 'elsewhere' });
    expect(await reader.online(DOMAIN)).toMatchObject([
      { ...ROOM, startedAt: [began, began + MINUTE], row: { StreamName: 'room' } },
    ]);
    expect(await reader.online(DOMAIN, 'show')).toEqual([]);
    const running = await reader.running();
    expect(running).toHaveLength(3);
    expect(running[1]).toMatchObject({ ...ROOM, sequence, startedAt: began + MINUTE });
    const samples = await reader.samples(ROOM, { from: began, to: clock.now() });
    const [first] = running;
    expect(samples[0]).toMatchObject({
      ...ROOM,
      sequence: first!.sequence,
      startedAt: began,
    });
    expect(await reader.stateOf(ROOM)).toBe('active');
    expect(await reader.stateOf({ ...ROOM, name: 'nobody' })).toBe('inactive');
  });

  it('names the pushes that have ended, and the callbacks that were sent of them', async () => {
    const directory = { targetOf: () => ({ key: '', urlOf: () => 'http://127.0.0.1:9/' }) };
    const { clock, emulator, reader } = await scratchCloud({ emulator: { directory } });
    const began = clock.now();
    const stream = emulator.pushStream({ domain: DOMAIN, streamName: 'room' });
    emulator.pushStream({ domain: DOMAIN, streamName: 'roommate' }).interrupt();
    await clock.advance(2 * MINUTE);
    stream.interrupt({ errcode: 3 });
    await clock.advance(MINUTE);
    const stretch = { from: began, to: clock.now() };
    const push = { ...ROOM, startedAt: began, endedAt: began + 2 * MINUTE };
    expect(await reader.ended(DOMAIN, stretch, ROOM)).toMatchObject([
      { ...push, reason: 'The push client closed its connection.', clientIp: '192.0.2.20' },
    ]);
    expect(await reader.ended(DOMAIN, stretch)).toHaveLength(2);
    const records = await reader.records('room', stretch);
    expect(records.map(({ eventType }) => eventType).toSorted((a, b) => a - b)).toEqual([
      0, 0, 1, 1, 1, 1,
    ]);
    expect(records[0]).toMatchObject({ isAcknowledged: false });
    expect(JSON.parse(records[0]!.body)).toMatchObject({ sequence: stream.sequence });
  });

  it.each<[string, string, ApiFault['effect']]>([
    ['the name of a stream', ONLINE, { without: 'StreamName' }],
    ['a time', ONLINE, { without: 'PublishTime' }],
    ['the total', ONLINE, { without: 'TotalNum' }],
    ['the end of a push', 'DescribeLiveStreamEventList', { without: 'StreamEndTime' }],
    ['a sequence', 'DescribeBackupStreamList', { without: 'UpstreamSequence' }],
    ['the sequence of a sample', 'DescribeStreamPushInfoList', { without: 'Sequence' }],
    ['the state', 'DescribeLiveStreamState', { without: 'StreamState' }],
  ])('without %s is of no use', async (_what, action, effect) => {
    const { clock, emulator, server, reader } = await scratchCloud();
    emulator.pushStream({ domain: DOMAIN, streamName: 'room' }).interrupt();
    emulator.pushStream({ domain: DOMAIN, streamName: 'room' });
    const questions: Record<string, () => Promise<unknown>> = {
      [ONLINE]: () => reader.online(DOMAIN),
      DescribeBackupStreamList: () => reader.running(),
      DescribeStreamPushInfoList: () =>
        reader.samples(ROOM, { from: clock.now() - HOUR, to: clock.now() }),
      DescribeLiveStreamState: () => reader.stateOf(ROOM),
      DescribeLiveStreamEventList: () =>
        reader.ended(DOMAIN, { from: clock.now() - HOUR, to: clock.now() }),
    };
    server.fail({ action, effect });
    await expect(questions[action]!()).rejects.toThrow(CloudAnswerError);
    await questions[action]!();
  });

  it.each<[string, string, Partial<typeof ROOM>]>([
    ['domain', 'DomainName', { domain: 'tenant-b.example.com' }],
    ['path', 'AppName', { path: 'show' }],
    ['stream', 'StreamName', { name: 'roommate' }],
  ])('about another %s than was asked for is of no use', async (_what, parameter, other) => {
    const { clock, emulator, api, pace } = await scratchCloud();
    const { domain, path, name } = { ...ROOM, ...other };
    const push = () => emulator.pushStream({ domain, appName: path, streamName: name });
    push().interrupt();
    push();
    await clock.advance(MINUTE);
    const careless: CloudApi = {
      call: (action, { [parameter]: _ignored, ...others }, region) =>
        api.call(action, others, region),
    };
    const reader = new CloudReader({ api: careless, pace });
    const refused = 'has streams that were not asked for';
    const stretch = { from: clock.now() - HOUR, to: clock.now() };
    const questions: (() => Promise<unknown>)[] = [() => reader.ended(DOMAIN, stretch, ROOM)];
    // The list of what is live is asked for no name.
    if (other.name === undefined) questions.push(() => reader.online(DOMAIN, ROOM.path));
    for (const ask of questions) await expect(ask()).rejects.toThrow(refused);
  });
});

describe('a list', () => {
  const reader = { onlinePageSize: 10 };

  async function twentyFive() {
    const outcomes: string[] = [];
    const onCall = (_action: string, outcome: string) => outcomes.push(outcome);
    const cloud = await scratchCloud({ reader: { ...reader, onCall } });
    for (let index = 0; index < 25; index++) {
      cloud.emulator.pushStream({ domain: DOMAIN, streamName: `room-${index}` });
    }
    return { ...cloud, outcomes };
  }

  it('is read to its end', async () => {
    const { reader: cloud, outcomes } = await twentyFive();
    const names = new Set((await cloud.online(DOMAIN)).map(({ name }) => name));
    expect(names.size).toBe(25);
    expect(outcomes).toEqual(['ok', 'ok', 'ok']);
  });

  it.each<[string, ApiFault['effect']]>([
    ['lacks rows', { lessRows: 1 }],
    ['moves while it is read', { moved: 1 }],
  ])('that %s is read again', async (_what, effect) => {
    const { server, reader: cloud, outcomes } = await twentyFive();
    server.fail({ action: ONLINE, effect, count: 2 });
    expect(await cloud.online(DOMAIN)).toHaveLength(25);
    expect(outcomes.length).toBeGreaterThan(3);
    server.fail({ action: ONLINE, effect, rate: 1 });
    await expect(cloud.online(DOMAIN)).rejects.toThrow(CloudAnswerError);
  });

  it('that fails is an error', async () => {
    const { server, reader: cloud, outcomes } = await twentyFive();
    for (const [effect, code] of [
      [{ error: 'RequestLimitExceeded' }, 'RequestLimitExceeded'],
      [{ error: 'AuthFailure.SecretIdNotFound' }, 'AuthFailure.SecretIdNotFound'],
      [{ status: 502 }, 'NoAnswer'],
      [{ notJson: true }, 'NoAnswer'],
    ] as const) {
      server.fail({ action: ONLINE, effect });
      await expect(cloud.online(DOMAIN)).rejects.toThrow(CloudApiError);
      expect(outcomes.at(-1)).toBe(code);
    }
  });
});

it('a question comes at a tenth of the documented rate', async () => {
  const { clock, server, reader } = await scratchCloud();
  const began = clock.now();
  for (let call = 0; call < 20; call++) {
    await reader.records('room', { from: began - HOUR, to: began });
  }
  expect(clock.now() - began).toBeGreaterThanOrEqual(9_000);
  expect(server.peakOf('DescribeCallbackRecordsList')).toBeLessThanOrEqual(4);
});

it('the international edition lacks two questions, and is known by its endpoint', async () => {
  const { reader } = await scratchCloud({ server: { edition: 'international' } });
  expect([
    reader.has('DescribeBackupStreamList'),
    reader.has('DescribeCallbackRecordsList'),
  ]).toEqual([false, false]);
  await expect(reader.running()).rejects.toThrow(/does not exist in this edition/);
  expect(await reader.online(DOMAIN)).toEqual([]);
  expect(editionOf('https://live.intl.tencentcloudapi.com')).toBe('international');
  expect(editionOf('live.tencentcloudapi.com')).toBe('mainland');
});

it.each([
  ['2026-03-10T11:30:00Z', '2026-03-10T11:30:00.000Z'],
  ['2026-03-10T19:30:00+08:00', '2026-03-10T11:30:00.000Z'],
  ['2026-03-10 19:30:00', '2026-03-10T11:30:00.000Z'],
])('the time %s is understood', (text, iso) => {
  expect(new Date(parseCloudTime(text)!).toISOString()).toBe(iso);
});

it.each([['yesterday'], ['2026-13-10T11:30:00Z'], [1_700_000_000], [null], ['']])(
  'the time %j is none',
  (text) => {
    expect(parseCloudTime(text)).toBeNull();
  },
);
