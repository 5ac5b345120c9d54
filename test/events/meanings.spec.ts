import { describe, expect, it } from 'vitest';

import {
  INTERRUPT_REASONS,
  interruptMeaning,
  PUSH_ERROR_TYPES,
  pushErrorMeaning,
  RECORD_EVENTS,
  RECORD_EXCEPTION_TYPES,
  recordEventMeaning,
  recordExceptionMeaning,
  RELAY_ALARMS,
  relayAlarmMeaning,
  type LiveEvent,
  type LiveEventKind,
  type Meaning,
} from '../../src/index.js';
import { liveEventOf, streamInterruptCallback } from '../../src/testing/index.js';
import { samplesOf } from '../support/documented-samples.js';

/**
 * Covers the tables of meaning: each holds every code that the documents list (docs/protocol.md,
 * 4.2, 4.4, 4.5, 4.9, 4.10) and no other, under ids that hosts branch on and that therefore never
 * change, with texts in English and Chinese; the lookups; and the `reason` of the DTOs, which
 * explains and never decides whether a callback fits.
 */

type Code = number | string;
type Ids = readonly (readonly [Code, string])[];

/** Codes and ids as published: a line may be added here, never changed. */
const INTERRUPT_IDS: Ids = [
  [0, 'interrupt.unknown'],
  [1, 'interrupt.client-delete-stream'],
  [2, 'interrupt.client-close-stream'],
  [3, 'interrupt.client-closed-connection'],
  [4, 'interrupt.client-connection-error'],
  [5, 'interrupt.internal-5'],
  [6, 'interrupt.rtmp-content-6'],
  [7, 'interrupt.rtmp-frame-too-large'],
  [8, 'interrupt.no-data-8'],
  [9, 'interrupt.internal-9'],
  [10, 'interrupt.proxy-interrupted'],
  [11, 'interrupt.internal-11'],
  [12, 'interrupt.network-12'],
  [13, 'interrupt.network-13'],
  [14, 'interrupt.network-14'],
  [15, 'interrupt.network-15'],
  [16, 'interrupt.network-16'],
  [17, 'interrupt.network-17'],
  [18, 'interrupt.push-refused'],
  [19, 'interrupt.third-party-auth-failed'],
  [20, 'interrupt.no-data-20'],
  [21, 'interrupt.kicked'],
  [22, 'interrupt.unknown-22'],
  [23, 'interrupt.rtmp-content-23'],
  [24, 'interrupt.internal-24'],
  [25, 'interrupt.unknown-25'],
  [26, 'interrupt.unknown-26'],
  [27, 'interrupt.unknown-27'],
  [28, 'interrupt.unknown-28'],
  [29, 'interrupt.unknown-29'],
  [30, 'interrupt.unknown-30'],
  [31, 'interrupt.unknown-31'],
  [32, 'interrupt.unknown-32'],
  [33, 'interrupt.rtmp-amf-error'],
  [34, 'interrupt.unknown-34'],
  [35, 'interrupt.client-stopped-35'],
  [36, 'interrupt.unknown-36'],
  [37, 'interrupt.nobody-played'],
  [38, 'interrupt.internal-38'],
  [39, 'interrupt.frame-size-over-limit'],
];

const PUSH_ERROR_IDS: Ids = [
  [1, 'push-error.video-timestamp-back'],
  [2, 'push-error.audio-timestamp-back'],
  [3, 'push-error.video-timestamp-jump'],
  [4, 'push-error.audio-timestamp-jump'],
  [5, 'push-error.chunk-size-too-large'],
  [6, 'push-error.video-frames-late'],
  [7, 'push-error.audio-frames-late'],
  [8, 'push-error.video-codec-changed'],
  [9, 'push-error.audio-codec-changed'],
  [10, 'push-error.video-header-missing'],
  [11, 'push-error.audio-header-missing'],
  [12, 'push-error.audio-interval-too-large'],
  [13, 'push-error.codec-uncommon'],
  [14, 'push-error.video-header-unreadable'],
  [15, 'push-error.frame-rate-too-low'],
  [16, 'push-error.gop-too-large'],
];

const RECORD_EXCEPTION_IDS: Ids = [
  [-8, 'record-exception.audio-timestamp-jump'],
  [-9, 'record-exception.video-timestamp-jump'],
  [-10, 'record-exception.audio-video-apart'],
  [-11, 'record-exception.video-timestamp-illegal'],
  [-16, 'record-exception.pull-failed'],
  [-17, 'record-exception.audio-missing'],
  [-18, 'record-exception.video-missing'],
  [-22, 'record-exception.audio-timestamp-stuck'],
  [-23, 'record-exception.video-timestamp-stuck'],
  [-24, 'record-exception.audio-timestamp-illegal'],
  [-100, 'record-exception.resolution-changed'],
  [-104, 'record-exception.container-write-failed'],
  [-120, 'record-exception.codec-changed'],
  [-130, 'record-exception.video-frames-dropped'],
  [-131, 'record-exception.audio-frames-dropped'],
  [-132, 'record-exception.gop-abnormal'],
  [-200, 'record-exception.audio-timestamps-uneven'],
  [-201, 'record-exception.video-timestamps-uneven'],
];

const RELAY_ALARM_IDS: Ids = [
  ['PullFileUnstable', 'relay.pull-unstable'],
  ['PushStreamUnstable', 'relay.push-unstable'],
  ['PullFileFailed', 'relay.pull-failed'],
  ['PushStreamFailed', 'relay.push-failed'],
  ['FileEndEarly', 'relay.file-ended-early'],
];

const RECORD_EVENT_IDS: Ids = [
  ['record_start_succeeded', 'record.started'],
  ['record_start_failed', 'record.start-failed'],
  ['record_paused', 'record.paused'],
  ['record_resumed', 'record.resumed'],
  ['record_error', 'record.error'],
  ['record_ended', 'record.ended'],
];

interface TableCase {
  readonly name: string;
  readonly table: readonly Meaning[];
  readonly ids: Ids;
  readonly lookup: (code: never) => Meaning | undefined;
  readonly undocumented: readonly unknown[];
}

const NEVER_CODES = [undefined, null, NaN, '', '__proto__', 'constructor', 'toString'];

const TABLES: TableCase[] = [
  {
    name: 'INTERRUPT_REASONS',
    table: INTERRUPT_REASONS,
    ids: INTERRUPT_IDS,
    lookup: interruptMeaning,
    // The sub-codes of 18 and 21 are in the console only.
    undocumented: [-1, 40, 100, 102, 300, 503, 1.5, '1', '21'],
  },
  {
    name: 'PUSH_ERROR_TYPES',
    table: PUSH_ERROR_TYPES,
    ids: PUSH_ERROR_IDS,
    lookup: pushErrorMeaning,
    undocumented: [0, 17, -1, '6'],
  },
  {
    name: 'RECORD_EXCEPTION_TYPES',
    table: RECORD_EXCEPTION_TYPES,
    ids: RECORD_EXCEPTION_IDS,
    lookup: recordExceptionMeaning,
    undocumented: [0, 8, 201, -1, -12, -25, -202, '-8'],
  },
  {
    name: 'RELAY_ALARMS',
    table: RELAY_ALARMS,
    ids: RELAY_ALARM_IDS,
    lookup: relayAlarmMeaning,
    undocumented: ['pullfilefailed', 'PullFileFailed ', 'TaskAlarm', 0],
  },
  {
    name: 'RECORD_EVENTS',
    table: RECORD_EVENTS,
    ids: RECORD_EVENT_IDS,
    lookup: recordEventMeaning,
    undocumented: ['record_mp4_created', 'RECORD_ENDED', 0],
  },
];

describe.each(TABLES)('$name', ({ table, ids, lookup, undocumented }) => {
  const look = lookup as (code: unknown) => Meaning | undefined;

  it('has every documented code, and no other, under its published id', () => {
    expect(table.map(({ code, id }) => [code, id])).toEqual(ids);
  });

  it('has unique codes and unique ids that are made of words', () => {
    expect(new Set(table.map(({ code }) => code)).size).toBe(table.length);
    expect(new Set(table.map(({ id }) => id)).size).toBe(table.length);
    for (const { id } of table) expect(id).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z0-9]+)*$/);
  });

  it.each(table.map((meaning) => ({ ...meaning })))(
    'explains $code in both languages, with a hint',
    ({ en, zh, hint }) => {
      for (const english of [en, hint.en]) {
        expect(english).toMatch(/^[A-Z].*\.$/);
        expect(english).not.toMatch(/\p{Script=Han}/u);
      }
      for (const chinese of [zh, hint.zh]) {
        expect(chinese).toMatch(/\p{Script=Han}/u);
        expect(chinese).toMatch(/。$/);
      }
    },
  );

  it('is looked up by code', () => {
    for (const meaning of table) expect(look(meaning.code)).toBe(meaning);
  });

  it('has nothing for codes that no document lists', () => {
    for (const code of [...undocumented, ...NEVER_CODES]) expect(look(code)).toBeUndefined();
  });
});

it('no id stands in two tables', () => {
  const ids = TABLES.flatMap(({ table }) => table.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});

/** The sample of a kind with other fields. */
function eventOf<K extends LiveEventKind>(kind: K, fields: object = {}): LiveEvent<K> {
  const { text } = samplesOf(kind)[0]!;
  return liveEventOf(kind, { ...(JSON.parse(text) as object), ...fields });
}

describe('the reason of an interruption', () => {
  const interruption = (fields: Record<string, unknown>) =>
    liveEventOf('stream-interrupt', streamInterruptCallback(fields));

  it.each(INTERRUPT_IDS)('with errcode %d is %s', (errcode, id) => {
    expect(interruption({ errcode }).data.reason?.id).toBe(id);
  });

  it('is found for an errcode that was sent as text', () => {
    expect(interruption({ errcode: '21' }).data.reason?.id).toBe('interrupt.kicked');
  });

  it.each([40, 99, -1, 302, 2 ** 53 - 1])(
    'is undefined for the undocumented errcode %d, which is accepted',
    (errcode) => {
      const { data } = interruption({ errcode });
      expect(data.errcode).toBe(errcode);
      expect(data.reason).toBeUndefined();
    },
  );

  it.each([undefined, null, ''])('is undefined without an errcode: %j', (errcode) => {
    const { data } = interruption({ errcode });
    expect(data.errcode).toBeUndefined();
    expect(data.reason).toBeUndefined();
  });
});

describe('the reason of a push anomaly', () => {
  const reasonOf = (type: unknown) => {
    const { data } = eventOf('push-error', { abnormal_event: [{ type, count: 1 }] });
    expect(data.abnormal_event).toHaveLength(1);
    return data.abnormal_event?.[0]?.reason;
  };

  it.each(PUSH_ERROR_IDS)('of type %d is %s', (type, id) => {
    expect(reasonOf(type)?.id).toBe(id);
  });

  it('stands at each anomaly of the documented sample', () => {
    expect(eventOf('push-error').data.abnormal_event?.map(({ reason }) => reason?.id)).toEqual([
      'push-error.video-frames-late',
      'push-error.audio-frames-late',
    ]);
  });

  it('is found for a type that was sent as text', () => {
    expect(reasonOf('16')?.id).toBe('push-error.gop-too-large');
  });

  it.each([0, 17, -1, 1000])(
    'is undefined for the undocumented type %d, which is accepted',
    (type) => expect(reasonOf(type)).toBeUndefined(),
  );
});

describe('the reason of a recording exception', () => {
  it.each(RECORD_EXCEPTION_IDS)('of type %d is %s', (type, id) => {
    const { data } = eventOf('record-exception', { exception: { type, occurs: 1 } });
    expect(data.reason?.id).toBe(id);
    expect(data.exception?.reason).toBe(data.reason);
  });

  it('of the documented sample is that of -201', () => {
    expect(eventOf('record-exception').data.reason?.id).toBe(
      'record-exception.video-timestamps-uneven',
    );
  });

  it.each([0, 8, -1, -999])(
    'is undefined for the undocumented type %d, which is accepted',
    (type) => {
      const { data } = eventOf('record-exception', { exception: { type } });
      expect(data.exception?.type).toBe(type);
      expect(data.reason).toBeUndefined();
    },
  );
});

describe('the reason of a recording status', () => {
  it.each(RECORD_EVENT_IDS)('%s is %s', (record_event, id) => {
    expect(eventOf('record-status', { record_event }).data.reason?.id).toBe(id);
  });

  it.each(['record_mp4_created', 'something_new', 'RECORD_ENDED', 'constructor', ''])(
    'is undefined for the undocumented event %j, which is accepted',
    (record_event) => {
      const { data } = eventOf('record-status', { record_event });
      expect(data.record_event).toBe(record_event);
      expect(data.reason).toBeUndefined();
    },
  );
});

describe('the reason of a relay callback', () => {
  const alarm = (msg: unknown, callback_event = 'TaskAlarm') =>
    eventOf('relay', { callback_event, msg }).data.reason?.id;

  it.each(RELAY_ALARM_IDS)('with the alarm %s is %s', (type, id) => {
    expect(alarm(JSON.stringify({ type }))).toBe(id);
  });

  it('is found under AlarmType too, as the API text calls it', () => {
    expect(alarm('{"AlarmType":"FileEndEarly"}')).toBe('relay.file-ended-early');
  });

  it('is found in a message that was not wrapped into a string', () => {
    expect(alarm({ type: 'PushStreamFailed' })).toBe('relay.push-failed');
  });

  it.each([
    'TaskStart',
    'TaskExit',
    'VodSourceFileStart',
    'VodSourceFileFinish',
    'ResetTaskConfig',
  ])('is undefined for %s, which is no alarm', (callback_event) => {
    expect(alarm('{"type":"PullFileFailed"}', callback_event)).toBeUndefined();
  });

  it.each(['MergeStart', 'PullFileUnstable', 'something new'])(
    'is undefined for the undocumented event %s, which is accepted',
    (callback_event) => {
      expect(eventOf('relay', { callback_event }).data.callback_event).toBe(callback_event);
      expect(alarm('{}', callback_event)).toBeUndefined();
    },
  );

  it.each([
    ['an undocumented type', '{"type":"DiskOnFire"}'],
    ['a number as type', '{"type":1}'],
    ['a null as type', '{"type":null}'],
    ['the name of a member of Object', '{"type":"constructor"}'],
    ['no type', '{}'],
    ['a list', '["PullFileFailed"]'],
    ['a text', '"PullFileFailed"'],
    ['a null', 'null'],
    ['no JSON', 'PullFileFailed'],
    ['nothing', ''],
    ['no message', undefined],
  ])('is undefined for an alarm with %s, which is accepted', (_what, msg) => {
    expect(alarm(msg)).toBeUndefined();
  });
});
