/**
 * What the emulated streams say: every payload fits its DTO without warnings, and the callbacks of
 * one push agree with each other in sequence, times, durations and ids.
 */
import { expect, it, describe, onTestFinished } from 'vitest';

import { CssEmulator, fixedTarget, VirtualClock } from '../../src/emulator/index.js';
import {
  SERVICE_PAYLOADS,
  type ServiceKind,
} from '../../src/emulator/payloads/service.payloads.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import { EventInterpreter } from '../../src/events/event-interpreter.js';
import { parsePayload } from '../../src/events/payload/payload.js';
import { KEY } from '../support/application.js';
import { startReceiver } from '../support/callback-receiver.js';

const START = Date.UTC(2026, 5, 1, 12) + 250;
const START_SECONDS = Math.floor(START / 1000);
const PUSH = {
  domain: 'push.example.com',
  appName: 'app',
  streamName: 'room 1/é',
  streamParam: 'txSecret=1&txTime=2',
  clientIp: '198.51.100.7',
  width: 1920,
  height: 1080,
};
const catalog = new EventCatalog();
const interpreter = new EventInterpreter(catalog);

async function setUp() {
  const clock = new VirtualClock({ startAt: START });
  const receiver = await startReceiver();
  const directory = fixedTarget({ key: KEY, baseUrl: receiver.url });
  const emulator = new CssEmulator({ directory, clock, appId: 1_300_000_001 });
  onTestFinished(() => emulator.close());
  /** What has arrived of a kind. */
  const payloads = (kind: string) =>
    receiver.requests.filter(({ url }) => url === `/${kind}`).map(({ payload }) => payload);
  return { clock, emulator, receiver, payloads };
}

/** A session in which everything happens that can happen. */
async function playEverything() {
  const { clock, emulator, ...rest } = await setUp();
  const stream = emulator.pushStream({
    ...PUSH,
    screenshots: { intervalMs: 10_000, hitEvery: 2 },
    record: { format: 'flv', sliceMs: 15_000 },
  });
  await clock.advance(25_000);
  const hls = stream.record();
  hls.report('record_paused');
  hls.exception(-100);
  stream.pushError({ type: 7, count: 3 });
  for (const kind of Object.keys(SERVICE_PAYLOADS) as ServiceKind[]) stream.report(kind);
  const relay = emulator.createRelay({
    sourceUrls: ['http://source.example.com/a.mp4', 'http://source.example.com/b.mp4'],
    to: { domain: 'push.example.com', streamName: 'relayed' },
  });
  relay.start();
  relay.fileStarted(0, 60);
  await clock.advance(15_000);
  relay.fileFinished(0, 60);
  relay.alarm('PullFileUnstable');
  relay.exit({ code: -22, message: 'write packet error.' });
  stream.interrupt({ errcode: 3 });
  await clock.advance(10_000);
  return { ...rest, clock, emulator, stream, relay, hls };
}

it('every kind of the catalog is sent, and each payload is accepted without warning', async () => {
  const { receiver, emulator } = await playEverything();
  const kinds = new Set<string>();
  for (const { url, body } of receiver.requests) {
    const meaning = interpreter.interpret(parsePayload(body).value);
    kinds.add(meaning.kind);
    // The end of a relay is documented without the task that ends.
    const warnings = meaning.warnings.filter(
      (warning) => meaning.kind !== 'relay' || warning !== 'identity-by-content',
    );
    expect({ ...meaning, warnings }).toMatchObject({ state: 'accepted', errors: [], warnings: [] });
    expect(`/${meaning.kind}`).toBe(url);
  }
  expect([...kinds].toSorted()).toEqual(catalog.definitions.map(({ kind }) => kind).toSorted());
  expect(emulator.attempts().every(({ isAcknowledged }) => isAcknowledged)).toBe(true);
});

it('no two callbacks are the same event', async () => {
  const { receiver } = await playEverything();
  const identities = receiver.requests.map(
    ({ body }) => interpreter.interpret(parsePayload(body).value).identityDigest,
  );
  expect(new Set(identities).size).toBe(identities.length);
});

it('every callback names the stream, and when it happened', async () => {
  const { receiver } = await playEverything();
  const withoutPlace = new Set(['monitor', 'subtitles', 'smart-erase', 'relay']);
  for (const { body } of receiver.requests) {
    const { kind, stream, occurredAt } = interpreter.interpret(parsePayload(body).value);
    const isPlaceless = withoutPlace.has(kind);
    expect(stream.domain).toBe(isPlaceless ? null : PUSH.domain);
    expect(isPlaceless ? [null] : [PUSH.appName, 'live']).toContain(stream.path);
    const isExit = body.includes('TaskExit');
    expect([PUSH.streamName, 'relayed']).toContain(stream.name ?? (isExit ? 'relayed' : null));
    if (kind === 'audio-audit') continue; // says nothing of its time
    const seconds = Math.floor((occurredAt?.getTime() ?? 0) / 1000);
    expect(seconds).toBeGreaterThanOrEqual(START_SECONDS);
    expect(seconds).toBeLessThanOrEqual(START_SECONDS + 50);
  }
});

describe('a push', () => {
  it('has one sequence, which an interruption with a fitting duration ends', async () => {
    const { payloads, stream, emulator } = await playEverything();
    const [push] = payloads('stream-push');
    const interruption = payloads('stream-interrupt').find(
      ({ stream_id: name }) => name === PUSH.streamName,
    );
    const common = {
      sequence: stream.sequence,
      appid: 1_300_000_001,
      app: PUSH.domain,
      appname: PUSH.appName,
      stream_id: PUSH.streamName,
      channel_id: PUSH.streamName,
      stream_param: PUSH.streamParam,
      user_ip: PUSH.clientIp,
      width: 1920,
      height: 1080,
    };
    expect(push).toMatchObject({ ...common, event_time: START_SECONDS, errcode: 0 });
    expect(interruption).toMatchObject({
      ...common,
      event_time: START_SECONDS + 40,
      push_duration: '40000',
      errcode: 3,
      errmsg: 'The push client closed its connection.',
    });
    expect(payloads('push-error')).toMatchObject([
      {
        sequence: stream.sequence,
        data_time: START + 25_000,
        abnormal_event: [{ type: 7, count: 3, detail: [{}, {}, {}] }],
      },
    ]);
    expect(emulator.sessions().at(-1)).toEqual({
      appId: 1_300_000_001,
      backup: false,
      ...PUSH,
      sequence: stream.sequence,
      startedAt: START,
      endedAt: START + 40_000,
      serverIp: '192.0.2.10',
      errcode: 3,
      errmsg: 'The push client closed its connection.',
    });
  });

  it('is another one each time, also under the same name', async () => {
    const { clock, emulator, payloads } = await setUp();
    const first = emulator.pushStream(PUSH);
    await clock.advance(1_500);
    const second = emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(second.sequence).not.toBe(first.sequence);
    expect(payloads('stream-interrupt')).toMatchObject([
      { sequence: first.sequence, errcode: 21, push_duration: '1500' },
    ]);
    expect(emulator.sessions()).toMatchObject([
      { sequence: first.sequence, errcode: 21 },
      { sequence: second.sequence, endedAt: null, errcode: null },
    ]);
  });

  it('of another domain or path does not end it', async () => {
    const { emulator } = await setUp();
    emulator.pushStream(PUSH);
    emulator.pushStream({ ...PUSH, appName: 'other' });
    emulator.pushStream({ ...PUSH, domain: 'other.example.com' });
    expect(emulator.streams()).toHaveLength(3);
  });

  it('that has ended does nothing more', async () => {
    const { emulator } = await setUp();
    const stream = emulator.pushStream(PUSH);
    stream.interrupt();
    const error = 'The push of push.example.com/app/room 1/é has ended.';
    expect(() => stream.interrupt()).toThrow(error);
    expect(() => stream.screenshot()).toThrow(error);
    expect(() => stream.record()).toThrow(error);
    expect(() => stream.pushError()).toThrow(error);
  });

  it('takes fields that replace those of the payload', async () => {
    const { clock, emulator, payloads } = await setUp();
    const stream = emulator.pushStream(PUSH);
    stream.imageAudit({ label: 'Ad', suggestion: 'Review' });
    stream.interrupt({ errcode: 8 }, { errmsg: 'no data' });
    await clock.advance(0);
    expect(payloads('image-audit')).toMatchObject([{ label: 'Ad', suggestion: 'Review' }]);
    expect(payloads('stream-interrupt')).toMatchObject([{ errcode: 8, errmsg: 'no data' }]);
  });

  it('takes what no document knows', async () => {
    const { clock, emulator, payloads } = await setUp();
    const stream = emulator.pushStream(PUSH);
    stream.say('house-event', { event_type: 9001, room: 7 });
    stream.interrupt({ errcode: 4_711 });
    await clock.advance(0);
    expect(payloads('house-event')).toMatchObject([{ event_type: 9001, room: 7 }]);
    expect(payloads('stream-interrupt')).toMatchObject([{ errmsg: 'Unknown reason.' }]);
    expect(() => stream.say('house-event', { room: 7 })).toThrow(
      'CSS has no kind "house-event": say its number in the field event_type.',
    );
    expect(() => stream.report('weather' as 'summary')).toThrow('No service reports "weather".');
  });

  it.each([
    [{ streamName: '' }, 'streamName must be a text that is not empty.'],
    [
      { screenshots: { intervalMs: 0 } },
      'screenshots.intervalMs must be an integer above 0, not 0',
    ],
    [
      { screenshots: { hitEvery: 1.5 } },
      'screenshots.hitEvery must be an integer above 0, not 1.5',
    ],
    [{ record: { format: 'avi' as 'flv' } }, 'There is no recording format "avi".'],
    [{ record: { sliceMs: -1 } }, 'record.sliceMs must be an integer above 0, not -1'],
    [{ width: 0 }, 'width must be an integer above 0, not 0'],
  ])('with options that cannot be used is none: %o', async (options, message) => {
    const { clock, emulator, receiver } = await setUp();
    const running = emulator.pushStream(PUSH);
    await clock.advance(0);
    expect(() => emulator.pushStream({ ...PUSH, ...options })).toThrow(message);
    await clock.advance(60_000);
    expect(receiver.requests).toHaveLength(1);
    expect(emulator.streams()).toEqual([running]);
  });
});

describe('screenshots', () => {
  it('are taken at the interval, by one task, each with a file of its own', async () => {
    const { payloads } = await playEverything();
    const pictures = payloads('screenshot');
    expect(pictures.map(({ create_time: time }) => time)).toEqual(
      [10, 20, 30, 40].map((seconds) => START_SECONDS + seconds),
    );
    expect(new Set(pictures.map(({ task_id: id }) => id)).size).toBe(1);
    expect(new Set(pictures.map(({ pic_url: path }) => path)).size).toBe(4);
    expect(pictures.every(({ appid }) => appid === undefined)).toBe(true);
    for (const { pic_url: path, pic_full_url: url } of pictures) {
      expect(new URL(url as string).pathname).toBe(path);
    }
  });

  it('are found suspicious two seconds later, the picture that was sent', async () => {
    const { payloads } = await playEverything();
    const [, second, , fourth] = payloads('screenshot');
    expect(payloads('image-audit')).toMatchObject([
      {
        streamId: PUSH.streamName,
        img: second!['pic_full_url'],
        screenshotTime: START_SECONDS + 20,
        sendTime: START_SECONDS + 22,
        t: START_SECONDS + 22 + 600,
      },
      { img: fourth!['pic_full_url'], sendTime: START_SECONDS + 42 },
    ]);
  });
});

describe('a recording', () => {
  it('has a file for each slice and the rest, without a gap, three seconds later', async () => {
    const { payloads } = await playEverything();
    const files = payloads('record-file').filter((file) => file['file_format'] === 'flv');
    const times = files.map((file) => [file['start_time'], file['end_time'], file['duration']]);
    expect(times).toEqual([
      [START_SECONDS, START_SECONDS + 15, 15],
      [START_SECONDS + 15, START_SECONDS + 30, 15],
      [START_SECONDS + 30, START_SECONDS + 40, 10],
    ]);
    for (const file of files) {
      expect(file).toMatchObject({ record_file_id: file['file_id'], start_time_usec: 250_000 });
      expect(file['t']).toBe((file['end_time'] as number) + 603);
      expect(file['video_url']).toContain(file['file_id'] as string);
      expect(JSON.parse(file['callback_ext'] as string)).toEqual({
        video_codec: 'h264',
        resolution: '1920x1080',
        session_id: file['task_id'],
      });
    }
    expect(new Set(files.map((file) => file['file_id'])).size).toBe(3);
    expect(new Set(files.map((file) => file['task_id'])).size).toBe(1);
  });

  it('has a status of the same task from its start to its end', async () => {
    const { payloads, hls } = await playEverything();
    const status = payloads('record-status').filter(({ session_id: id }) => id === hls.taskId);
    expect(status.map((payload) => [payload['event_time'], payload['record_event']])).toEqual([
      [START_SECONDS + 25, 'record_start_succeeded'],
      [START_SECONDS + 25, 'record_paused'],
      [START_SECONDS + 40, 'record_ended'],
    ]);
    expect(JSON.parse(status[0]!['record_detail'] as string)).toMatchObject({ file_format: 2 });
    expect(payloads('record-exception')).toMatchObject([
      { session_id: hls.taskId, file_format: 'ts', exception: { type: -100 } },
    ]);
    expect(payloads('record-file').filter((file) => file['task_id'] === hls.taskId)).toMatchObject([
      { file_format: 'hls', duration: 15, media_start_time: 25_000 },
    ]);
  });

  it('may end before the push, and leaves no file of nothing', async () => {
    const { clock, emulator, payloads } = await setUp();
    const stream = emulator.pushStream(PUSH);
    const recording = stream.record({ format: 'mp4' });
    await clock.advance(60_000);
    recording.stop();
    recording.stop();
    stream.record({ format: 'aac' });
    stream.interrupt();
    await clock.advance(10_000);
    expect(payloads('record-file')).toMatchObject([{ task_id: recording.taskId, duration: 60 }]);
    expect(payloads('record-status').map((payload) => payload['record_event'])).toEqual([
      'record_start_succeeded',
      'record_ended',
      'record_start_succeeded',
      'record_ended',
    ]);
  });
});

describe('a relay task', () => {
  const TO = { domain: 'push.example.com', streamName: 'relayed', streamParam: 'a=1' };
  const SOURCES = ['http://source.example.com/a.mp4'];

  it('tells what it does, and pushes a stream that has callbacks of its own', async () => {
    const { payloads, relay } = await playEverything();
    const events = payloads('relay');
    expect(events.map((event) => event['callback_event'])).toEqual([
      'TaskStart',
      'VodSourceFileStart',
      'VodSourceFileFinish',
      'TaskAlarm',
      'TaskExit',
    ]);
    expect(events[0]).toMatchObject({
      task_id: relay.taskId,
      stream_id: 'relayed',
      to_url: 'rtmp://push.example.com/live/relayed',
      event_time: String(START_SECONDS + 25),
    });
    expect(events[0]!['source_urls']).toMatch(/\]\n$/);
    expect(JSON.parse(events[4]!['msg'] as string)).toEqual({
      message: 'write packet error.',
      code: -22,
      task_exit_time: START + 40_000,
    });
    expect(payloads('stream-push')[1]).toMatchObject({
      stream_param: `txFrom=pullpush&ppTaskId=${relay.taskId}`,
    });
    expect(payloads('stream-interrupt')).toMatchObject([
      { stream_id: 'relayed', push_duration: '15000' },
      { stream_id: PUSH.streamName },
    ]);
  });

  it('goes to the URL of the task, and only with the events that it asks for', async () => {
    const { clock, emulator, payloads } = await setUp();
    const own = await startReceiver();
    const relay = emulator.createRelay({
      sourceUrls: SOURCES,
      to: TO,
      callbackUrl: `${own.url}/my-relay?secret=1`,
      callbackEvents: ['TaskExit'],
    });
    expect(relay.stream).toBeNull();
    expect(relay.start()).toBeNull();
    relay.exit();
    await clock.advance(0);
    expect(payloads('relay')).toEqual([]);
    expect(own.requests.map(({ url, payload }) => [url, payload['callback_event']])).toEqual([
      ['/my-relay?secret=1', 'TaskExit'],
    ]);
    expect(payloads('stream-push')).toMatchObject([
      { stream_param: `a=1&txFrom=pullpush&ppTaskId=${relay.taskId}` },
    ]);
  });

  it('may start again after its exit, with another push', async () => {
    const { emulator } = await setUp();
    const relay = emulator.createRelay({ sourceUrls: SOURCES, to: TO });
    relay.start();
    const first = relay.stream!;
    relay.exit();
    relay.start();
    expect([first.isRunning, relay.stream!.isRunning]).toEqual([false, true]);
    expect(relay.stream!.sequence).not.toBe(first.sequence);
  });

  it('says what it cannot do', async () => {
    const { emulator } = await setUp();
    expect(() => emulator.createRelay({ sourceUrls: [], to: TO })).toThrow(
      'sourceUrls must name at least one source.',
    );
    expect(() =>
      emulator.createRelay({ sourceUrls: SOURCES, to: { ...TO, streamName: '' } }),
    ).toThrow('streamName must be');
    const relay = emulator.createRelay({ sourceUrls: SOURCES, to: TO });
    expect(() => relay.alarm('PullFileFailed')).toThrow('has not been started yet');
    relay.start();
    expect(() => relay.fileStarted(1, 60)).toThrow('There is no source 1: the task has 1, from 0');
  });
});
