/**
 * The read actions that reconcile missed callbacks, over the official SDK: what they answer about
 * emulated streams, and what each refuses.
 */
import { describe, expect, it } from 'vitest';

import type {
  CallbackAttempt,
  EmulatedSession,
  StreamHistory,
} from '../../src/emulator/stream.history.js';
import { rawCall, scratchApi, sdkClient, sdkCodeOf } from './api-support.js';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const MINUTE = 60_000;
const DAY = 86_400_000;
const iso = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;

function session(change: Partial<EmulatedSession> = {}): EmulatedSession {
  return {
    appId: 1300000000,
    domain: 'push.example.com',
    appName: 'live',
    streamName: 'room',
    sequence: '7001',
    backup: false,
    startedAt: NOW - 30 * MINUTE,
    endedAt: NOW - 10 * MINUTE,
    clientIp: '203.0.113.7',
    serverIp: '198.51.100.1',
    streamParam: 'txSecret=x',
    width: 1280,
    height: 720,
    errcode: 1,
    errmsg: 'The stream was interrupted',
    ...change,
  };
}

function attempt(change: Partial<CallbackAttempt> = {}): CallbackAttempt {
  return {
    id: 'attempt-1',
    callbackId: 'callback-1',
    kind: 'stream-push',
    eventType: 1,
    domain: 'push.example.com',
    appName: 'live',
    streamName: 'room',
    sequence: '7001',
    url: 'https://a.example.com/push',
    at: NOW - 30 * MINUTE,
    endedAt: NOW - 30 * MINUTE + 2_000,
    request: { headers: {}, body: '{"event_type":1}' },
    status: 200,
    answer: '{"code":0}',
    error: null,
    isAcknowledged: true,
    retry: 0,
    nextAttemptAt: null,
    ...change,
  };
}

async function scratchReader(
  sessions: readonly EmulatedSession[] = [],
  attempts: readonly CallbackAttempt[] = [],
) {
  const history: StreamHistory = { sessions: () => sessions, attempts: () => attempts };
  const client = sdkClient(await scratchApi({ now: () => NOW, history }));
  return (action: string, parameters: object) => client.request(action, parameters);
}

const HOUR_BEFORE = { StartTime: iso(NOW - 60 * MINUTE), EndTime: iso(NOW) };

describe('DescribeCallbackRecordsList', () => {
  const QUESTION = { ...HOUR_BEFORE, StreamName: 'room', PageNum: 1, PageSize: 10 };

  it('shows the attempts of a stream, with request and answer', async () => {
    const failed = { status: null, answer: '', error: 'timeout', isAcknowledged: false };
    const read = await scratchReader(
      [],
      [
        attempt(),
        attempt({ eventType: 0, at: NOW - 10 * MINUTE, ...failed }),
        attempt({ streamName: 'roommate' }),
        attempt({ at: NOW - 2 * 60 * MINUTE }),
      ],
    );
    expect(await read('DescribeCallbackRecordsList', QUESTION)).toMatchObject({
      DataInfoList: [
        {
          EventTime: '2026-03-10T11:30:00Z',
          EventType: 1,
          Request: '{"event_type":1}',
          Response: '{"code":0}',
          ResponseTime: '2026-03-10T11:30:02Z',
          ResultCode: 0,
          StreamId: 'room',
        },
        { EventType: 0, ResultCode: 1, Response: 'timeout' },
      ],
      PageNum: 1,
      PageSize: 10,
      TotalNum: 2,
      TotalPage: 1,
    });
    const ends = await read('DescribeCallbackRecordsList', { ...QUESTION, EventType: 0 });
    expect(ends).toMatchObject({ TotalNum: 1, DataInfoList: [{ EventType: 0 }] });
    const good = await read('DescribeCallbackRecordsList', { ...QUESTION, ResultCode: 0 });
    expect(good).toMatchObject({ TotalNum: 1, DataInfoList: [{ EventType: 1 }] });
  });

  it('answers in the form of time in which it was asked', async () => {
    const read = await scratchReader([], [attempt()]);
    const answer = await read('DescribeCallbackRecordsList', {
      ...QUESTION,
      StartTime: '2026-03-10 19:00:00',
      EndTime: '2026-03-10 20:00:00',
    });
    expect(answer).toMatchObject({ DataInfoList: [{ EventTime: '2026-03-10 19:30:00' }] });
  });

  it.each<[string, object, string]>([
    ['no stream', { StreamName: undefined }, 'MissingParameter'],
    ['no page', { PageNum: undefined }, 'MissingParameter'],
    ['more than a day', { StartTime: iso(NOW - DAY - 1000) }, 'InvalidParameterValue'],
    [
      'a time too long ago',
      { StartTime: iso(NOW - 15 * DAY), EndTime: iso(NOW - 14.5 * DAY) },
      'InvalidParameterValue',
    ],
    ['a page that is too large', { PageSize: 101 }, 'InvalidParameterValue'],
    ['page zero', { PageNum: 0 }, 'InvalidParameterValue'],
    ['a time that is none', { StartTime: 'yesterday' }, 'InvalidParameterValue'],
    ['an end before the start', { EndTime: iso(NOW - DAY) }, 'InvalidParameterValue'],
  ])('refuses %s', async (_name, change, code) => {
    const read = await scratchReader();
    const call = read('DescribeCallbackRecordsList', { ...QUESTION, ...change });
    expect(await sdkCodeOf(call)).toBe(code);
  });
});

describe('the lists of pushes', () => {
  it('show pushes that have ended, the latest first unless asked otherwise', async () => {
    const read = await scratchReader([
      session(),
      session({ streamName: 'room-2', endedAt: NOW - 5 * MINUTE }),
      session({ streamName: 'running', endedAt: null, errcode: null, errmsg: null }),
      session({ domain: 'other.example.com', appName: 'show' }),
      session({ startedAt: NOW - 9 * DAY, endedAt: NOW - 8 * DAY }),
    ]);
    const names = async (change: object) => {
      const question = { ...HOUR_BEFORE, ...change };
      const { EventList } = (await read('DescribeLiveStreamEventList', question)) as {
        EventList: { StreamName: string }[];
      };
      return EventList.map(({ StreamName }) => StreamName);
    };
    expect(await names({})).toEqual(['room-2', 'room', 'room']);
    expect(await names({ IsAsc: 1, DomainName: 'push.example.com' })).toEqual(['room', 'room-2']);
    expect(await names({ AppName: 'show' })).toEqual(['room']);
    expect(await names({ StreamName: 'room-', IsFilter: 1 })).toEqual(['room-2']);
    expect(await names({ StreamName: 'room-', IsStrict: 1 })).toEqual([]);
    expect(await names({ PageNum: 2, PageSize: 2 })).toEqual(['room']);
    expect(
      await read('DescribeLiveStreamPublishedList', {
        ...HOUR_BEFORE,
        DomainName: 'Push.example.com',
        StreamName: 'oom',
      }),
    ).toMatchObject({
      PublishInfo: [{ StreamName: 'room-2' }, { StreamName: 'room' }],
      PageSize: 10,
      TotalNum: 2,
    });
  });

  it('show times, duration and reason', async () => {
    const read = await scratchReader([session()]);
    expect(await read('DescribeLiveStreamEventList', HOUR_BEFORE)).toMatchObject({
      EventList: [
        {
          AppName: 'live',
          DomainName: 'push.example.com',
          StreamName: 'room',
          StreamStartTime: '2026-03-10T11:30:00Z',
          StreamEndTime: '2026-03-10T11:50:00Z',
          StopReason: 'The stream was interrupted',
          Duration: 1200,
          ClientIp: '203.0.113.7',
          Resolution: '1280x720',
        },
      ],
    });
  });

  it.each<[string, object]>([
    ['an end in the future', { EndTime: iso(NOW + MINUTE) }],
    ['more than a month', { StartTime: iso(NOW - 32 * DAY) }],
    ['a time too long ago', { StartTime: iso(NOW - 63 * DAY), EndTime: iso(NOW - 60 * DAY) }],
    ['a page that is too large', { PageSize: 101 }],
    ['a page beyond the reachable rows', { PageSize: 100, PageNum: 101 }],
  ])('refuse %s', async (_name, change) => {
    const read = await scratchReader();
    const question = { ...HOUR_BEFORE, DomainName: 'push.example.com', ...change };
    for (const action of ['DescribeLiveStreamEventList', 'DescribeLiveStreamPublishedList']) {
      expect(await sdkCodeOf(read(action, question))).toBe('InvalidParameterValue');
    }
  });

  it('need a domain, and a page of ten, in the published list', async () => {
    const read = await scratchReader();
    const action = 'DescribeLiveStreamPublishedList';
    expect(await sdkCodeOf(read(action, HOUR_BEFORE))).toBe('MissingParameter');
    const small = { ...HOUR_BEFORE, DomainName: 'push.example.com', PageSize: 9 };
    expect(await sdkCodeOf(read(action, small))).toBe('InvalidParameterValue');
  });
});

describe('what is live now', () => {
  const running = { endedAt: null, errcode: null, errmsg: null };

  it('is in the online list, a stream once however often it is pushed', async () => {
    const read = await scratchReader([
      session(),
      session({ ...running, streamName: 'a', startedAt: NOW - 2 * MINUTE }),
      session({ ...running, streamName: 'a', startedAt: NOW - MINUTE }),
      session({ ...running, streamName: 'b', domain: 'other.example.com' }),
    ]);
    expect(await read('DescribeLiveStreamOnlineList', {})).toMatchObject({
      OnlineInfo: [
        {
          StreamName: 'a',
          AppName: 'live',
          DomainName: 'push.example.com',
          PublishTimeList: [
            { PublishTime: '2026-03-10T11:58:00Z' },
            { PublishTime: '2026-03-10T11:59:00Z' },
          ],
        },
        { StreamName: 'b' },
      ],
      TotalNum: 2,
    });
    const ofOther = { DomainName: 'other.example.com' };
    expect(await read('DescribeLiveStreamOnlineList', ofOther)).toMatchObject({ TotalNum: 1 });
    for (const PageSize of [9, 300_001]) {
      const call = read('DescribeLiveStreamOnlineList', { PageSize });
      expect(await sdkCodeOf(call)).toBe('InvalidParameterValue');
    }
  });

  it('is in the push information, a row for each push, 200 to a page', async () => {
    const pushes = Array.from({ length: 201 }, (_, index) =>
      session({ ...running, sequence: `${index}`, startedAt: NOW - 2 * MINUTE }),
    );
    const read = await scratchReader([session(), ...pushes]);
    const row = { StreamName: 'room', PushDomain: 'push.example.com', AppName: 'live' };
    const first = await read('DescribeLiveStreamPushInfoList', { PushDomain: 'push.example.com' });
    expect(first).toMatchObject({ TotalNum: 201, TotalPage: 2, PageSize: 200 });
    const { DataInfoList } = first as { DataInfoList: object[] };
    expect(DataInfoList).toHaveLength(200);
    expect(DataInfoList[0]).toMatchObject({ ...row, BeginPushTime: '2026-03-10T11:58:00Z' });
    const elsewhere = { PushDomain: 'other.example.com' };
    expect(await read('DescribeLiveStreamPushInfoList', elsewhere)).toMatchObject({ TotalNum: 0 });
  });

  it('is in the list of backup streams with the sequence of each push, in a region', async () => {
    const history: StreamHistory = {
      sessions: () => [
        session({ ...running, sequence: '1' }),
        session({ ...running, sequence: '2', startedAt: NOW - MINUTE, backup: true }),
        session({ ...running, sequence: '3', streamName: 'other' }),
        session(),
      ],
      attempts: () => [],
    };
    const api = await scratchApi({ now: () => NOW, history });
    const ask = (headers: Record<string, string>) =>
      rawCall(api, 'DescribeBackupStreamList', { headers, body: '{"StreamName":"room"}' });
    expect((await ask({})).code).toBe('MissingParameter');
    expect((await ask({ 'x-tc-region': 'ap-nowhere' })).code).toBe('UnsupportedRegion');
    const push = { DomainName: 'push.example.com', AppName: 'live' };
    expect((await ask({ 'x-tc-region': 'ap-guangzhou' })).response).toMatchObject({
      StreamInfoList: [
        {
          StreamName: 'room',
          BackupList: [
            { ...push, UpstreamSequence: '1', MasterFlag: 1, PublishTime: '2026-03-10T11:30:00Z' },
            { ...push, UpstreamSequence: '2', MasterFlag: 0, PublishTime: '2026-03-10T11:59:00Z' },
          ],
        },
      ],
    });
  });

  it('is active, and everything else inactive', async () => {
    const read = await scratchReader([
      session({ streamName: 'ended' }),
      session({ ...running, streamName: 'running' }),
    ]);
    const stateOf = async (StreamName: string) => {
      const stream = { DomainName: 'push.example.com', AppName: 'live', StreamName };
      return ((await read('DescribeLiveStreamState', stream)) as { StreamState: string })
        .StreamState;
    };
    expect(await stateOf('running')).toBe('active');
    expect(await stateOf('ended')).toBe('inactive');
    expect(await stateOf('unheard-of')).toBe('inactive');
    const call = read('DescribeLiveStreamState', { DomainName: 'push.example.com' });
    expect(await sdkCodeOf(call)).toBe('MissingParameter');
  });
});

describe('DescribeStreamPushInfoList', () => {
  it('gives samples with the sequence that the callbacks have', async () => {
    const read = await scratchReader([session({ endedAt: NOW - 28 * MINUTE })]);
    const question = { ...HOUR_BEFORE, StreamName: 'room', PushDomain: 'push.example.com' };
    const sample = { StreamName: 'room', Sequence: '7001', BeginPushTime: '2026-03-10T11:30:00Z' };
    expect(await read('DescribeStreamPushInfoList', question)).toMatchObject({
      DataInfoList: [
        { ...sample, Time: '2026-03-10T11:30:00Z' },
        { ...sample, Time: '2026-03-10T11:31:00Z' },
        { ...sample, Time: '2026-03-10T11:32:00Z' },
      ],
    });
    const long = { ...question, StartTime: iso(NOW - 4 * 60 * MINUTE) };
    expect(await sdkCodeOf(read('DescribeStreamPushInfoList', long))).toBe('InvalidParameterValue');
  });
});

describe('the editions', () => {
  it('differ in their actions, and in the largest page of the online list', async () => {
    const api = await scratchApi({ now: () => NOW, edition: 'international' });
    const client = sdkClient(api);
    for (const action of ['DescribeCallbackRecordsList', 'DescribeBackupStreamList']) {
      expect(await sdkCodeOf(client.request(action, {}))).toBe('InvalidAction');
    }
    const pageOf = (PageSize: number) =>
      client.request('DescribeLiveStreamOnlineList', { PageSize });
    expect(await pageOf(100)).toMatchObject({ TotalNum: 0 });
    expect(await sdkCodeOf(pageOf(101))).toBe('InvalidParameterValue');
  });

  it('throttle as documented, and tell how many calls came in a second', async () => {
    let time = NOW;
    const api = await scratchApi({ now: () => time });
    const client = sdkClient(api);
    const ask = () =>
      client.request('DescribeCallbackRecordsList', { ...HOUR_BEFORE, ...PAGE_OF_ROOM });
    const codes = await Promise.all(
      Array.from({ length: 21 }, () =>
        ask().then(
          () => 'ok',
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(codes.filter((code) => code === 'ok')).toHaveLength(20);
    expect(codes).toContain('RequestLimitExceeded');
    expect(api.peakOf('DescribeCallbackRecordsList')).toBe(21);
    time += 1_000;
    await ask();
    api.limit('DescribeCallbackRecordsList', 1);
    expect(await sdkCodeOf(ask())).toBe('RequestLimitExceeded');
  });
});

const PAGE_OF_ROOM = { StreamName: 'room', PageNum: 1, PageSize: 10 };

describe('what the cloud has not heard of yet', () => {
  it('is not in its lists, and what it has not forgotten yet still is', async () => {
    let time = NOW;
    const running = { endedAt: null, errcode: null, errmsg: null };
    const history: StreamHistory = {
      sessions: () => [
        session({ streamName: 'begun', ...running, startedAt: NOW }),
        session({ streamName: 'over', endedAt: NOW }),
      ],
      attempts: () => [attempt({ at: NOW - 1, endedAt: NOW })],
    };
    const delays = { onlineMs: 60_000, eventsMs: 600_000, recordsMs: 120_000 };
    const api = await scratchApi({ now: () => time, history, delays });
    const client = sdkClient(api);
    const known = async () => {
      const window = { StartTime: iso(NOW - MINUTE), EndTime: iso(time) };
      const online = await client.request('DescribeLiveStreamOnlineList', {});
      const events = await client.request('DescribeLiveStreamEventList', window);
      const records = await client.request('DescribeCallbackRecordsList', {
        ...window,
        ...PAGE_OF_ROOM,
      });
      return {
        online: (online as { OnlineInfo: { StreamName: string }[] }).OnlineInfo.map(
          ({ StreamName }) => StreamName,
        ),
        events: (events as { TotalNum: number }).TotalNum,
        records: (records as { TotalNum: number }).TotalNum,
      };
    };
    expect(await known()).toEqual({ online: ['over'], events: 0, records: 0 });
    time += 60_000;
    expect(await known()).toMatchObject({ online: ['begun'] });
    time += 60_000;
    expect(await known()).toMatchObject({ records: 1 });
    time += 480_000;
    expect(await known()).toEqual({ online: ['begun'], events: 1, records: 1 });
    const state = { DomainName: 'push.example.com', AppName: 'live', StreamName: 'over' };
    time = NOW;
    expect(await client.request('DescribeLiveStreamState', state)).toMatchObject({
      StreamState: 'inactive',
    });
  });
});
