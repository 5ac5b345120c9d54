import { Transform } from 'class-transformer';
import { IsInt } from 'class-validator';
import { describe, expect, it } from 'vitest';

import { definitionOf } from '../../src/events/custom-event.js';
import { fieldsOf } from '../../src/events/dto/field.decorators.js';
import { EventCatalog } from '../../src/events/event-catalog.js';
import type { EventDefinition } from '../../src/events/event-definition.js';
import { EVENT_DEFINITIONS } from '../../src/events/event-definitions.js';
import { EventInterpreter, type Interpretation } from '../../src/events/event-interpreter.js';
import {
  defineLiveEvent,
  parsePayload,
  type CustomLiveEvent,
  type JsonObject,
  type LiveEventKind,
} from '../../src/index.js';
import { samplesOf } from '../support/documented-samples.js';
import { seededRandom, type Random } from '../support/seeded-random.js';

/**
 * Covers what a payload is taken to mean: its kind; its stream, whatever the envelope; the identity
 * that makes it this event and no other; the digest of its content; when it happened; the warnings on
 * oddities; the lines that say why it does not fit, and the limits of lists and texts. It never
 * throws, neither on random payloads of every `event_type` nor on what the kinds of a host do.
 */

type Fields = Record<string, unknown>;

/** 16 bytes, as a UUID is written. */
const DIGEST = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const interpreter = new EventInterpreter(new EventCatalog());
const KINDS = new EventCatalog().definitions.map(({ kind }) => kind);

const interpret = (fields: object): Interpretation =>
  interpreter.interpret(parsePayload(JSON.stringify(fields)).value);
const interpretText = (text: string): Interpretation =>
  interpreter.interpret(parsePayload(text).value);

/** The documented sample of a kind; fields that are undefined are left out. */
function sample(kind: LiveEventKind, fields: Fields = {}, index = 0): Fields {
  const { text } = samplesOf(kind)[index]!;
  return { ...(JSON.parse(text) as Fields), ...fields };
}

function accepted(fields: object): Interpretation {
  const meaning = interpret(fields);
  expect(meaning).toMatchObject({ state: 'accepted', errors: [] });
  return meaning;
}

describe('the kind of a payload', () => {
  const TYPES: [number, LiveEventKind][] = [
    [1, 'stream-push'],
    [0, 'stream-interrupt'],
    [100, 'record-file'],
    [200, 'screenshot'],
    [317, 'image-audit'],
    [315, 'audio-audit'],
    [314, 'relay'],
    [321, 'push-error'],
    [332, 'record-status'],
    [341, 'record-exception'],
    [338, 'subtitles'],
    [347, 'smart-erase'],
    [343, 'quality-control'],
    [344, 'eval-threshold'],
    [345, 'eval-average'],
    [348, 'summary'],
    [349, 'highlight'],
    [328, 'monitor'],
  ];

  it.each(TYPES)('with event_type %d is %s, as number and as text', (event_type, kind) => {
    expect(TYPES.map(([, known]) => known).toSorted()).toEqual(KINDS.toSorted());
    for (const type of [event_type, String(event_type)]) {
      expect(accepted(sample(kind, { event_type: type }))).toMatchObject({
        kind,
        eventType: event_type,
      });
    }
  });

  it.each([
    ['no event_type', undefined],
    ['a null', null],
    ['an empty text', ''],
    ['a blank', ' '],
    ['false', false],
    ['a list', [1]],
    ['an object', { event_type: 1 }],
    ['a fraction', 0.5],
    ['a negative zero as text', '-0'],
    ['a number too large', 2 ** 31],
    ['a number in words', 'push'],
    ['the number of StreamLive', 329],
    ['an unknown number', 9001],
  ])('with %s is unknown, never an interruption', (_what, event_type) => {
    const payload = sample('stream-interrupt', { event_type });
    const meaning = interpret(payload);
    expect(meaning).toMatchObject({ kind: 'unknown', state: 'unknown', occurredAt: null });
    expect(meaning.data).toEqual(JSON.parse(JSON.stringify(payload)));
  });

  it('with 344 is told from 345 by its average, not by its number', () => {
    const average = { average_score: 1, max_score: 2, min_score: 0 };
    expect(accepted(sample('eval-threshold')).kind).toBe('eval-threshold');
    expect(accepted(sample('eval-threshold', average)).kind).toBe('eval-average');
    expect(accepted(sample('eval-average')).kind).toBe('eval-average');
    expect(accepted(sample('eval-average', { event_type: '344' })).kind).toBe('eval-average');
    expect(accepted(sample('eval-average', { event_type: 345 })).kind).toBe('eval-average');
  });

  it('of another number is not claimed because of an average', () => {
    expect(accepted(sample('quality-control', { average_score: 1 })).kind).toBe('quality-control');
    expect(interpret({ event_type: 9001, average_score: 1 }).kind).toBe('unknown');
  });
});

describe('the stream of a payload', () => {
  it.each<[string, Fields, Interpretation['stream']]>([
    [
      'with app and appname',
      { appid: 1, app: 'd', appname: 'p', stream_id: 's' },
      { appId: '1', domain: 'd', path: 'p', name: 's' },
    ],
    [
      'with domain and path',
      { appid: 1, domain: 'd', path: 'p', stream_id: 's' },
      { appId: '1', domain: 'd', path: 'p', name: 's' },
    ],
    [
      'with domain and appname',
      { appid: 1, domain: 'd', appname: 'p', stream_id: 's' },
      { appId: '1', domain: 'd', path: 'p', name: 's' },
    ],
    ['without either', { stream_id: 's' }, { appId: null, domain: null, path: null, name: 's' }],
    [
      'with camelCase',
      { appId: 1, app: 'd', streamId: 's' },
      { appId: '1', domain: 'd', path: null, name: 's' },
    ],
    [
      'with both spellings, of which the common one counts',
      {
        appid: 1,
        appId: 2,
        app: 'a',
        domain: 'd',
        appname: 'n',
        path: 'p',
        stream_id: 's',
        streamId: 'x',
      },
      { appId: '1', domain: 'a', path: 'n', name: 's' },
    ],
    [
      'with nulls beside the other spelling',
      {
        appid: null,
        appId: 2,
        app: null,
        domain: 'd',
        appname: null,
        path: 'p',
        stream_id: null,
        streamId: 'x',
      },
      { appId: '2', domain: 'd', path: 'p', name: 'x' },
    ],
    [
      'with objects instead of texts',
      { appid: [1], app: { a: 1 }, appname: true, stream_id: ['s'] },
      { appId: null, domain: null, path: null, name: null },
    ],
    [
      'with empty texts',
      { appid: '', app: '', appname: '', stream_id: '' },
      { appId: '', domain: '', path: '', name: '' },
    ],
  ])('%s is found', (_how, fields, stream) => {
    expect(interpret({ event_type: 9001, ...fields }).stream).toEqual(stream);
  });
});

interface IdentityCase {
  readonly kind: LiveEventKind;
  readonly of: string;
  readonly base?: Fields;
  /** Other content of the same event. */
  readonly same: readonly Fields[];
  /** Other events. */
  readonly other: readonly Fields[];
}

const sentence = (fields: Fields) => ({
  data: { subtitle_tmp_res: [{ start_pts: 1, end_pts: 2, ...fields }] },
});
const clip = (video_store_url: string, more: Fields = {}) => ({ video_store_url, ...more });

/** As section 4 of docs/protocol.md says of each kind. */
const IDENTITIES: IdentityCase[] = [
  ...(['stream-push', 'stream-interrupt'] as const).map((kind) => ({
    kind,
    of: 'its push',
    same: [
      { event_time: 1 },
      { channel_id: 'other' },
      { user_ip: '198.51.100.7', node: '198.51.100.8' },
      { errcode: 12, errmsg: 'other' },
      { stream_param: '', width: 1920, height: 1080 },
      { appid: 1 },
    ],
    other: [{ app: 'x' }, { appname: 'x' }, { stream_id: 'x' }, { sequence: '1' }],
  })),
  {
    kind: 'record-file',
    of: 'its record_file_id',
    same: [
      { file_id: 'x' },
      { stream_id: 'x' },
      { task_id: 'x' },
      { video_url: 'http://x' },
      { start_time: 1, end_time: 2 },
    ],
    other: [{ record_file_id: 'x' }],
  },
  {
    kind: 'record-file',
    of: 'its file_id without a record_file_id',
    base: { record_file_id: undefined },
    same: [{ record_file_id: '' }, { record_file_id: null }, { stream_id: 'x' }],
    other: [{ file_id: 'x' }, { record_file_id: 'x' }],
  },
  {
    kind: 'record-status',
    of: 'session and seq',
    same: [{ record_event: 'record_paused' }, { event_time: 1 }, { stream_id: 'x' }],
    other: [{ session_id: 'x' }, { seq: '1' }],
  },
  {
    kind: 'record-status',
    of: 'session, event and time without a seq',
    base: { seq: undefined },
    same: [{ stream_id: 'x' }, { record_detail: '{}' }],
    other: [
      { session_id: 'x' },
      { record_event: 'record_paused' },
      { event_time: 1 },
      { seq: '1' },
    ],
  },
  {
    kind: 'record-exception',
    of: 'session, format, type and time',
    same: [
      { exception: { type: -201, desc: 'other', occurs: 9 } },
      { exception_level: 'error' },
      { stream_id: 'x' },
    ],
    other: [
      { session_id: 'x' },
      { file_format: 'mp4' },
      { timestamp: 1 },
      { exception: { type: -200, desc: 'video ts deviation: 100.000000', occurs: 4 } },
    ],
  },
  {
    kind: 'screenshot',
    of: 'stream, picture and time',
    same: [{ pic_full_url: 'http://x' }, { file_size: 1 }, { task_id: '1' }],
    other: [{ stream_id: 'x' }, { pic_url: '/x' }, { create_time: 1 }],
  },
  {
    kind: 'image-audit',
    of: 'stream, picture and time',
    same: [{ suggestion: 'Pass' }, { sendTime: 1 }, { socre: [1] }, { labelResults: null }],
    other: [{ streamId: 'x' }, { screenshotTime: 1 }, { img: 'http://x' }],
  },
  {
    kind: 'audio-audit',
    of: 'its request_id',
    same: [{ task_id: 'x' }, { seq: 1 }, { suggestion: 'Pass' }, { stream_id: 'x' }],
    other: [{ request_id: 'x' }],
  },
  {
    kind: 'audio-audit',
    of: 'task and seq without a request_id',
    base: { request_id: undefined },
    same: [{ request_id: '' }, { request_id: null }, { suggestion: 'Pass' }],
    other: [{ task_id: 'x' }, { seq: 1 }, { request_id: 'x' }],
  },
  {
    kind: 'push-error',
    of: 'push and time',
    same: [{ abnormal_event: [] }, { domain: 'x' }, { timeout: 1 }, { user_ip: '198.51.100.7' }],
    other: [{ stream_id: 'x' }, { sequence: '1' }, { data_time: 1670588074972 }],
  },
  {
    kind: 'relay',
    of: 'task, event, time and message',
    base: { task_id: '118148', callback_event: 'TaskStart' },
    same: [{ stream_id: 'x' }, { to_url: 'x' }, { source_urls: '[]' }, { callback_url: 'x' }],
    other: [
      { task_id: 'x' },
      { callback_event: 'TaskExit' },
      { event_time: '1712893433' },
      { msg: '{"task_start_time":1}' },
    ],
  },
  {
    kind: 'relay',
    of: 'its whole content without a task_id',
    base: { task_id: undefined, callback_event: 'TaskStart' },
    same: [],
    other: [
      { source_urls: '["http://x"]' },
      { callback_event: 'TaskExit' },
      { event_time: '1712893433' },
      { msg: '{"task_start_time":1}' },
      { to_url: 'rtmp://x' },
      { stream_id: 'x' },
      { callback_url: 'http://x' },
      { task_id: '1' },
    ],
  },
  {
    kind: 'monitor',
    of: 'stream, event and time',
    same: [{ event_msg: 'other' }, { bizid: 1 }],
    other: [{ stream_id: 'x' }, { event_name: 'x' }, { event_time: 1678089053009 }],
  },
  {
    kind: 'subtitles',
    of: 'task and sentences, which are revised until they are steady',
    base: sentence({ src_txt: 'a', steady_state: false }),
    same: [
      sentence({ src_txt: 'a', steady_state: false, dst_txt: 'b' }),
      sentence({ src_txt: 'a', stead_state: false, start_unix_time: 5 }),
      { stream_id: 'x' },
      { channel_id: 'x' },
    ],
    other: [
      { task_id: 'x' },
      sentence({ src_txt: 'ab', steady_state: false }),
      sentence({ src_txt: 'a', steady_state: true }),
      sentence({ src_txt: 'a', steady_state: false, start_pts: 0 }),
      sentence({ src_txt: 'a', steady_state: false, end_pts: 3 }),
      { data: { subtitle_tmp_res: [] } },
    ],
  },
  {
    kind: 'smart-erase',
    of: 'task and sentences',
    base: sentence({ src_txt: 'a' }),
    same: [sentence({ src_txt: 'ab', keywords_info: [{ word: 'b' }] }), { channel_id: 'x' }],
    other: [{ task_id: 'x' }, sentence({ start_pts: 0 }), sentence({ end_pts: 3 })],
  },
  ...(['eval-threshold', 'eval-average'] as const).map((kind) => ({
    kind,
    of: 'stream, templates, class and time',
    same: [{ frames: [] }, { function: 'x' }, { appid: 1 }, { max_score: 1 }],
    other: [
      { domain: 'x' },
      { appname: 'x' },
      { stream_id: 'x' },
      { transcode_template_id: 1 },
      { watermark_template_id: 1 },
      { class: 'VMAF' },
      { event_time: 1 },
    ],
  })),
  {
    kind: 'quality-control',
    of: 'stream, templates, class, time and score',
    same: [{ function: 'x' }, { appid: 1 }],
    other: [
      { domain: 'x' },
      { appname: 'x' },
      { stream_id: 'x' },
      { transcode_template_id: 1 },
      { watermark_template_id: 1 },
      { class: 'Mosaic' },
      { event_time: 1 },
      { score: 44.2 },
    ],
  },
  {
    kind: 'summary',
    of: 'stream and stretch',
    same: [{ title: 'x' }, { summary: 'x' }, { key_words: [] }, { key_points: [] }],
    other: [{ domain: 'x' }, { path: 'x' }, { stream_id: 'x' }, { begin_time: 1 }, { end_time: 1 }],
  },
  {
    kind: 'highlight',
    of: 'its clips',
    base: { items: [clip('http://a'), clip('http://b')] },
    same: [
      { items: [clip('http://a', { title: 'x' }), clip('http://b', { cov_img_store_url: 'x' })] },
    ],
    other: [
      { items: [clip('http://a')] },
      { items: [clip('http://b'), clip('http://a')] },
      { items: [clip('http://a'), clip('http://c')] },
    ],
  },
];

describe('the identity', () => {
  it('is the content where its fields say nothing', () => {
    const highlights = (stream_id: string) =>
      accepted(sample('highlight', { stream_id, items: [] })).identityDigest;
    expect(highlights('room-1')).not.toBe(highlights('room-2'));
    const audits = (stream_id: string) =>
      accepted(
        sample('audio-audit', { stream_id, request_id: '', task_id: undefined, seq: undefined }),
      ).identityDigest;
    expect(audits('room-1')).not.toBe(audits('room-2'));
  });

  it('is covered for every kind', () => {
    expect(new Set(IDENTITIES.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  });

  describe.each(IDENTITIES)('of $kind is $of, so that', ({ kind, base, same, other }) => {
    const original = sample(kind, base);
    const identity = accepted(original);

    it('a pair changes nothing', () => {
      const pair = { t: 1703732078, sign: 'f'.repeat(32) };
      expect(accepted({ ...original, ...pair }).identityDigest).toBe(identity.identityDigest);
    });

    it.each(same.map((fields) => ({ fields })))(
      'other content is the same event: $fields',
      ({ fields }) => {
        const conflicting = accepted({ ...original, ...fields });
        expect(conflicting.contentDigest).not.toBe(identity.contentDigest);
        expect(conflicting.identityDigest).toBe(identity.identityDigest);
      },
    );

    it.each(other.map((fields) => ({ fields })))(
      'this makes another event: $fields',
      ({ fields }) => {
        const another = accepted({ ...original, ...fields });
        expect(another.identityDigest).not.toBe(identity.identityDigest);
      },
    );
  });

  it('of a push and of its interruption differ, though they share sequence', () => {
    const push = sample('stream-push', { event_type: 1 }, 1);
    const meanings = [accepted(push), accepted({ ...push, event_type: 0 })];
    expect(new Set(meanings.map(({ sequence }) => sequence)).size).toBe(1);
    expect(new Set(meanings.map(({ identityDigest }) => identityDigest)).size).toBe(2);
  });

  it('of a threshold and of an average differ', () => {
    const { identityDigest } = accepted(sample('eval-threshold'));
    expect(accepted(sample('eval-average')).identityDigest).not.toBe(identityDigest);
  });

  it('does not mind whether an id came as number or as text', () => {
    const { identityDigest } = accepted(sample('stream-push', { sequence: '17' }));
    expect(accepted(sample('stream-push', { sequence: 17 })).identityDigest).toBe(identityDigest);
    const text = JSON.stringify(sample('stream-push', { sequence: 'DIGITS' }));
    const [asText, asNumber] = ['"18446744073709551617"', '18446744073709551617'].map((digits) =>
      interpretText(text.replace('"DIGITS"', digits)),
    );
    expect(asNumber?.identityDigest).toBe(asText?.identityDigest);
    expect(asNumber?.sequence).toBe('18446744073709551617');
  });

  it('cannot be shifted from one field to the next', () => {
    const first = accepted(sample('stream-push', { app: 'a', appname: 'b"', stream_id: 'c' }));
    const second = accepted(sample('stream-push', { app: 'a', appname: 'b', stream_id: '"c' }));
    const third = accepted(sample('stream-push', { app: 'a","b', appname: '', stream_id: 'c' }));
    expect(new Set([first, second, third].map(({ identityDigest }) => identityDigest)).size).toBe(
      3,
    );
  });

  it('of an unknown or quarantined payload is its content', () => {
    for (const payload of [{ event_type: 9001 }, { event_type: 1 }]) {
      const one = interpret({ ...payload, x: 1 });
      expect(interpret({ x: 1, ...payload, t: 5 }).identityDigest).toBe(one.identityDigest);
      expect(interpret({ ...payload, x: 2 }).identityDigest).not.toBe(one.identityDigest);
    }
  });
});

describe('the content digest', () => {
  const TEXT = '{"event_type":9001,"a":"x/y","n":{"b":1,"c":[1,2,{"d":null}]},"t":1,"sign":"s"}';
  const { contentDigest } = interpretText(TEXT);

  it('is 16 bytes, written as a UUID', () => {
    expect(contentDigest).toMatch(DIGEST);
  });

  it.each([
    ['in seconds', '"event_time":1700000000', '6553f100'],
    ['in milliseconds', '"data_time":1700000000999', 'cfe56be7'],
    ['as text', '"event_time":"1700000000"', '6553f100'],
    [
      'that comes first in the list, whatever stands first',
      '"end_time":1,"event_time":2',
      '00000002',
    ],
    ['beyond 32 bits', '"event_time":4294967301', '00000005'],
    ['before 1970', '"event_time":-1', 'ffffffff'],
    ['that is no number', '"event_time":"soon"', '00000000'],
    ['that is not finite', '"event_time":1e999', '00000000'],
    ['that is no single value', '"event_time":{"valueOf":1},"end_time":3', '00000000'],
    ['that is null', '"event_time":null', '00000000'],
    ['that is nowhere', '"x":1', '00000000'],
  ])('begins with a time %s', (_how, member, lead) => {
    const digest = interpretText(`{"event_type":9001,${member}}`).contentDigest;
    expect(digest.slice(0, 8)).toBe(lead);
  });

  it('differs where only the time does not', () => {
    const digests = ['a', 'b'].map(
      (x) => interpretText(`{"event_type":9001,"event_time":7,"x":"${x}"}`).contentDigest,
    );
    expect(new Set(digests.map((digest) => digest.slice(0, 8))).size).toBe(1);
    expect(new Set(digests.map((digest) => digest.slice(8))).size).toBe(2);
  });

  it.each([
    ['re-signed', TEXT.replace('"t":1,"sign":"s"', '"t":2,"sign":"z"')],
    ['signed with a text as t', TEXT.replace('"t":1', '"t":"1"')],
    ['without a pair', TEXT.replace(',"t":1,"sign":"s"', '')],
    [
      'reordered',
      '{"sign":"s","n":{"c":[1,2,{"d":null}],"b":1},"t":1,"a":"x/y","event_type":9001}',
    ],
    ['re-spaced', ` ${TEXT.replaceAll(',', ' ,\t').replaceAll(':', '\r\n: ')} \n`],
    ['with escaped slashes', TEXT.replace('x/y', 'x\\/y')],
    ['with escaped letters', TEXT.replace('x/y', '\\u0078/y')],
  ])('of a callback %s is the same', (_how, text) => {
    expect(interpretText(text).contentDigest).toBe(contentDigest);
  });

  it.each([
    ['another value', TEXT.replace('x/y', 'x/z')],
    ['another case', TEXT.replace('x/y', 'X/y')],
    ['a blank more', TEXT.replace('x/y', 'x/y ')],
    ['a text for a number', TEXT.replace('"b":1', '"b":"1"')],
    ['a field less', TEXT.replace('"b":1,', '')],
    ['a field more', TEXT.replace('"b":1', '"b":1,"e":2')],
    ['an undocumented field more', TEXT.replace('"a"', '"z":null,"a"')],
    ['a list in another order', TEXT.replace('[1,2,', '[2,1,')],
    ['a list instead of its only member', TEXT.replace('{"d":null}', '[{"d":null}]')],
    ['another name', TEXT.replace('"a"', '"A"')],
    ['a false for a null', TEXT.replace('null', 'false')],
    ['a number beyond all doubles for a null', TEXT.replace('null', '1e999')],
    ['a t of its own, deeper', TEXT.replace('"b":1', '"b":1,"t":1')],
    ['a sign of its own, deeper', TEXT.replace('"b":1', '"b":1,"sign":"s"')],
    ['another composition of the same letter', TEXT.replace('x/y', 'x/\u00e9')],
    ['a decomposed letter', TEXT.replace('x/y', 'x/e\u0301')],
    ['a lone surrogate', TEXT.replace('x/y', 'x/\\ud800')],
    ['another lone surrogate', TEXT.replace('x/y', 'x/\\ud801')],
  ])('of a callback with %s is another', (_what, text) => {
    expect(interpretText(text).contentDigest).not.toBe(contentDigest);
  });

  it('tells integers apart that are one double', () => {
    const digests = ['9007199254740992', '9007199254740993'].map(
      (digits) => interpretText(`{"event_type":1,"n":${digits}}`).contentDigest,
    );
    expect(new Set(digests).size).toBe(2);
  });
});

describe('the time of an event', () => {
  const AT = 1700000000;
  const ISO = '2023-11-14T22:13:20.000Z';
  const ISO_MS = '2023-11-14T22:13:20.123Z';
  const spoken = { data: { subtitle_tmp_res: [{ start_unix_time: AT, end_unix_time: AT + 9 }] } };

  it.each<[LiveEventKind, string, Fields, string | null]>([
    ['stream-push', 'event_time, seconds', { event_time: AT }, ISO],
    ['stream-push', 'event_time as text', { event_time: String(AT) }, ISO],
    ['stream-interrupt', 'event_time, seconds', { event_time: AT }, ISO],
    ['record-file', 'end_time, seconds', { start_time: 1, end_time: AT }, ISO],
    ['record-status', 'event_time, seconds', { event_time: AT }, ISO],
    ['record-exception', 'timestamp, seconds', { timestamp: AT, event_time: 1 }, ISO],
    ['screenshot', 'create_time, seconds', { create_time: AT }, ISO],
    ['image-audit', 'screenshotTime, seconds', { screenshotTime: AT, sendTime: 1 }, ISO],
    [
      'audio-audit',
      'create_time of its first recording, seconds',
      { data: { asr_tmp_full_results: [{ create_time: AT }, { create_time: 1 }] } },
      ISO,
    ],
    ['audio-audit', 'not said without recordings', { data: { asr_tmp_full_results: null } }, null],
    ['audio-audit', 'not said without data', { data: null }, null],
    ['push-error', 'data_time, milliseconds', { data_time: AT * 1000 + 123 }, ISO_MS],
    ['relay', 'event_time, seconds as text', { event_time: String(AT) }, ISO],
    ['relay', 'event_time as number', { event_time: AT }, ISO],
    ['relay', 'not said in older ones', { event_time: undefined }, null],
    ['relay', 'not said by an empty text', { event_time: '' }, null],
    ['monitor', 'event_time, milliseconds', { event_time: AT * 1000 + 123 }, ISO_MS],
    ['subtitles', 'start_unix_time of its first sentence, seconds', spoken, ISO],
    ['subtitles', 'not said in the sample', {}, null],
    ['subtitles', 'not said without sentences', { data: { subtitle_tmp_res: null } }, null],
    ['smart-erase', 'start_unix_time of its first sentence, seconds', spoken, ISO],
    ['smart-erase', 'not said without sentences', { data: {} }, null],
    ['quality-control', 'event_time, seconds', { event_time: AT }, ISO],
    ['eval-threshold', 'event_time, seconds', { event_time: AT }, ISO],
    ['eval-average', 'event_time, seconds', { event_time: AT }, ISO],
    ['summary', 'end_time, seconds', { begin_time: 1, end_time: AT }, ISO],
    [
      'highlight',
      'end_time of its last clip, seconds',
      { items: [clip('http://a', { end_time: 1 }), clip('http://b', { end_time: AT })] },
      ISO,
    ],
    ['highlight', 'not said without clips', { items: null }, null],
    ['stream-push', 'the epoch at zero', { event_time: 0 }, '1970-01-01T00:00:00.000Z'],
    [
      'stream-push',
      'before the epoch, if that is sent',
      { event_time: -1 },
      '1969-12-31T23:59:59.000Z',
    ],
    [
      'stream-push',
      'the last that a Date can hold',
      { event_time: 8.64e12 },
      '+275760-09-13T00:00:00.000Z',
    ],
    ['stream-push', 'none beyond what a Date can hold', { event_time: 8.64e12 + 1 }, null],
    ['monitor', 'none beyond what a Date can hold', { event_time: 8.64e15 + 1 }, null],
  ])('%s is %s', (kind, _what, fields, iso) => {
    expect(accepted(sample(kind, fields)).occurredAt?.toISOString() ?? null).toBe(iso);
  });
});

describe('the warnings', () => {
  /** The documented sample of a relay has no task. */
  const TASK = { task_id: '118148' };
  const warnings = (kind: LiveEventKind, fields: Fields = {}) =>
    accepted(sample(kind, fields)).warnings;

  it('name fields that no document lists, and not the pair', () => {
    expect(warnings('stream-push', { foo: 1, t: 'x', sign: [], 'b r': null })).toEqual([
      'unknown-field: foo',
      'unknown-field: b r',
    ]);
  });

  it('do not name other spellings of known fields', () => {
    expect(warnings('image-audit', { stream_id: 's', channel_id: 'c', score: [1] })).toEqual(
      warnings('image-audit'),
    );
    expect(warnings('record-status', { record_event: undefined, recordevent: 'x' })).toEqual([]);
    expect(warnings('relay', { ...TASK, appid: undefined, appId: 4 })).toEqual([]);
  });

  it.each<[LiveEventKind, Fields, string]>([
    ['stream-push', { sequence: 17 }, 'sequence'],
    ['stream-push', { stream_id: 2024 }, 'stream_id'],
    ['stream-push', { event_type: '1' }, 'event_type'],
    ['stream-push', { event_time: '1703731478' }, 'event_time'],
    ['stream-push', { event_time: ' 1703731478 ' }, 'event_time'],
    ['stream-push', { errcode: '0' }, 'errcode'],
    ['stream-push', { appid: '12345678' }, 'appid'],
    ['stream-push', { user_ip: 5 }, 'user_ip'],
    ['stream-interrupt', { push_duration: 128581 }, 'push_duration'],
    ['record-file', { file_size: '277941079' }, 'file_size'],
    ['record-file', { file_id: 1234567890 }, 'file_id'],
    ['record-file', { callback_ext: { video_codec: 'h264' } }, 'callback_ext'],
    ['record-status', { record_detail: { file_format: 2 } }, 'record_detail'],
    ['relay', { ...TASK, msg: { task_start_time: 0 } }, 'msg'],
    ['relay', { ...TASK, source_urls: ['http://x'] }, 'source_urls'],
    ['relay', { ...TASK, event_time: 1712893433 }, 'event_time'],
    ['audio-audit', { task_id: undefined, HitFlag: '1' }, 'HitFlag'],
    ['summary', { key_words: 'one' }, 'key_words'],
    ['highlight', { items: clip('http://a') }, 'items'],
    ['quality-control', { score: '44.1' }, 'score'],
  ])('of %s name a field that came in another type: %j', (kind, fields, name) => {
    expect(warnings(kind, fields)).toEqual([`coerced: ${name}`]);
  });

  it('name a score that is no list, under its right name', () => {
    const others = warnings('image-audit');
    for (const score of [{ socre: 99 }, { socre: undefined, score: 99 }, { socre: '99' }]) {
      expect(warnings('image-audit', score)).toEqual([
        ...others.filter((line) => line.startsWith('unknown')),
        'coerced: score',
        ...others.filter((line) => line.startsWith('coerced')),
      ]);
    }
  });

  it.each<[LiveEventKind, Fields]>([
    ['stream-push', { errcode: null, user_ip: null, appid: null }],
    ['stream-push', { width: '', height: '' }],
    ['stream-interrupt', { push_duration: '128581' }],
    ['stream-interrupt', { push_duration: undefined }],
    ['record-file', { callback_ext: '' }],
    ['record-file', { callback_ext: null }],
    ['relay', { ...TASK, event_time: '1712893433' }],
    ['audio-audit', { task_id: 36881, text_results: null, HitFlag: 0 }],
    ['push-error', { abnormal_event: null }],
  ])('of %s do not name what came as documented, empty or not at all: %j', (kind, fields) => {
    expect(warnings(kind, fields)).toEqual([]);
  });

  it('are no more than 16, of names that are cut at 64 characters', () => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`${index}-${'x'.repeat(200)}`, index]),
    );
    const found = warnings('stream-push', many);
    expect(found).toHaveLength(16);
    for (const warning of found) expect(warning).toMatch(/^unknown-field: \d+-x{61,}$/);
    for (const warning of found) expect(warning).toHaveLength('unknown-field: '.length + 64);
  });

  it('are none on what is unknown or does not fit', () => {
    expect(interpret({ event_type: 9001, foo: 1 }).warnings).toEqual([]);
    expect(interpret({ event_type: 1, foo: 1 }).warnings).toEqual([]);
  });
});

describe('a field that does not fit', () => {
  /** What a payload is accepted as without the fields that are said to be left out. */
  const without = (kind: LiveEventKind, fields: Fields, ...dropped: string[]): object => {
    const { data, warnings } = accepted(sample(kind, fields));
    expect(warnings.filter((line) => line.startsWith('dropped: '))).toEqual(
      dropped.map((place) => `dropped: ${place}`),
    );
    return data;
  };

  it.each<[LiveEventKind, string, unknown]>([
    ['record-file', 'duration', 12.48],
    ['stream-interrupt', 'push_duration', '123.7'],
    ['record-file', 'record_bps', 'N/A'],
    ['stream-push', 'user_ip', ['192.0.2.1']],
    ['stream-push', 'event_time', 'soon'],
    ['stream-push', 'event_time', '17037314780000000000'],
    ['stream-push', 'event_time', true],
    ['stream-push', 'errcode', [0]],
    ['stream-push', 'sequence', { high: 1 }],
    ['stream-push', 'sequence', true],
    ['stream-push', 'app', {}],
    ['stream-push', 'errmsg', 'x'.repeat(65_537)],
    ['record-exception', 'exception', 'bad'],
    ['quality-control', 'score', '0.12345678901234567890'],
    ['image-audit', 'type', [1, 'x']],
    ['summary', 'key_words', ['a', { b: 1 }]],
    ['push-error', 'abnormal_event', [{ type: 6 }, 'x']],
    ['push-error', 'abnormal_event', [5]],
    ['push-error', 'abnormal_event', [[[]]]],
    ['push-error', 'abnormal_event', [null]],
    ['subtitles', 'data', 'none'],
    ['relay', 'callback_event', false],
  ])('of %s is undefined and named, and does not stop the event: %s = %j', (kind, name, value) => {
    const data = without(kind, { [name]: value }, name);
    expect(data).not.toHaveProperty(name);
    const { [name]: _left, ...rest } = { ...accepted(sample(kind)).data } as Fields;
    expect(data).toMatchObject(rest);
  });

  it('is named by its place in nested objects, beside those that fit', () => {
    const abnormal_event = [
      { type: 6, count: 'many' },
      { type: 'six', detail: [{ occur_time: 1 }, { occur_time: 'then' }] },
      { type: 7, customer_visible: 'maybe' },
    ];
    const data = without(
      'push-error',
      { abnormal_event },
      'abnormal_event[0].count',
      'abnormal_event[1].type',
      'abnormal_event[1].detail[1].occur_time',
      'abnormal_event[2].customer_visible',
    );
    expect(data).toMatchObject({
      abnormal_event: [{ type: 6 }, { detail: [{ occur_time: 1 }, {}] }, { type: 7 }],
    });
    const exception = without(
      'record-exception',
      { exception: { type: 'x', occurs: 2 } },
      'exception.type',
    );
    expect(exception).toMatchObject({ exception: { occurs: 2 }, reason: undefined });
  });

  it('may be absent, as a verdict is in documents of 2020', () => {
    expect(without('image-audit', { suggestion: undefined })).not.toHaveProperty('suggestion');
    for (const { kind, eventType, dto } of EVENT_DEFINITIONS as readonly EventDefinition[]) {
      const subject = fieldsOf(dto).filter(({ about }) => about);
      const fields = Object.fromEntries(subject.map(({ name }) => [name, 'x']));
      expect(interpret({ ...fields, event_type: eventType })).toMatchObject({
        kind,
        state: 'accepted',
      });
    }
  });

  it('is not rounded, but kept as sent in the JSON', () => {
    const payload = sample('record-file', { duration: 12.48 });
    expect(interpret(payload).data).not.toHaveProperty('duration');
    expect(parsePayload(JSON.stringify(payload)).value).toMatchObject({ duration: 12.48 });
  });

  it('is not named as converted too', () => {
    const { warnings } = accepted(sample('stream-push', { width: 'wide', height: '720' }));
    expect(warnings).toEqual(['dropped: width', 'coerced: height']);
  });

  it('is named before fields that no document lists, however many', () => {
    const unknown = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`x${index}`, 1]));
    const { warnings } = accepted(sample('stream-push', { ...unknown, width: 'wide' }));
    expect(warnings).toHaveLength(16);
    expect(warnings[0]).toBe('dropped: width');
  });
});

describe('a field that is converted', () => {
  it.each<[LiveEventKind, Fields, Fields, string[]]>([
    ['stream-push', { width: '720' }, { width: 720 }, ['width']],
    ['record-file', { duration: '154.0' }, { duration: 154 }, ['duration']],
    ['summary', { key_words: ['a', 5] }, { key_words: ['a', '5'] }, ['key_words']],
    ['image-audit', { type: ['1', 2] }, { type: [1, 2] }, ['type']],
    [
      'push-error',
      { abnormal_event: [{ type: 6 }, { type: '7', detail: { occur_time: '5' } }] },
      { abnormal_event: [{ type: 6 }, { type: 7, detail: [{ occur_time: 5 }] }] },
      [
        'abnormal_event[1].type',
        'abnormal_event[1].detail',
        'abnormal_event[1].detail[0].occur_time',
      ],
    ],
    [
      'record-exception',
      { exception: { type: '-9' } },
      { exception: { type: -9 } },
      ['exception.type'],
    ],
  ])('of %s is named by its place: %j', (kind, fields, view, places) => {
    const { data, warnings } = accepted(sample(kind, fields));
    expect(data).toMatchObject(view);
    const own = accepted(sample(kind)).warnings;
    expect(warnings.filter((line) => !own.includes(line))).toEqual(
      places.map((line) => `coerced: ${line}`),
    );
  });
});

describe('an identity field that says nothing', () => {
  it.each<[LiveEventKind, Fields]>([
    ['record-file', { file_id: '', record_file_id: '' }],
    ['record-file', { file_id: {}, record_file_id: undefined }],
    ['stream-push', { sequence: undefined }],
    ['stream-push', { sequence: '' }],
    ['stream-push', { sequence: [1] }],
    ['stream-interrupt', { sequence: null }],
    ['screenshot', { pic_url: '' }],
    ['screenshot', { create_time: 'now' }],
    ['image-audit', { img: undefined }],
    ['push-error', { data_time: 1.5 }],
    ['record-status', { session_id: '' }],
    ['highlight', { items: [{ title: 'x' }] }],
    ['highlight', { items: [] }],
    ['relay', { task_id: '' }],
  ])('of %s leaves the decision to the content: %j', (kind, fields) => {
    const one = accepted(sample(kind, fields));
    expect(one.warnings).toContain('identity-by-content');
    expect(accepted(sample(kind, fields)).identityDigest).toBe(one.identityDigest);
    const other = accepted(sample(kind, { ...fields, note: 1 }));
    expect(other.identityDigest).not.toBe(one.identityDigest);
  });

  it('is not one that the documents let be absent', () => {
    const { warnings } = accepted(sample('eval-average', { watermark_template_id: undefined }));
    expect(warnings).not.toContain('identity-by-content');
  });

  it('is no fixed address of screenshots: three with one pic_url and their own times are three', () => {
    const digests = [0, 1, 2].map((second) => {
      const fields = { pic_url: '/live/cover.jpg', create_time: 1_700_000_000 + second };
      const { identityDigest, warnings } = accepted(sample('screenshot', fields));
      expect(warnings).toEqual([]);
      return identityDigest;
    });
    expect(new Set(digests).size).toBe(3);
  });

  it('is no concern where another one decides', () => {
    expect(accepted(sample('record-file', { file_id: '' })).warnings).toEqual([]);
    expect(accepted(sample('record-status', { seq: {} })).warnings).toEqual(['dropped: seq']);
  });
});

describe('a payload that does not fit', () => {
  const errors = (fields: object) => {
    const meaning = interpret(fields);
    expect(meaning).toMatchObject({ state: 'quarantined', occurredAt: null, warnings: [] });
    return meaning.errors;
  };

  it('keeps its kind, its stream and its JSON', () => {
    const payload = sample('stream-push', { stream_id: ['x'] });
    expect(interpret(payload)).toMatchObject({
      kind: 'stream-push',
      state: 'quarantined',
      eventType: 1,
      stream: { domain: 'test.domain.com', path: 'live', name: null },
      data: payload,
    });
  });

  it.each<[LiveEventKind, Fields, string]>([
    ['stream-push', { stream_id: undefined }, 'stream_id must be a string'],
    ['stream-push', { stream_id: null, width: 'x' }, 'stream_id must be a string'],
    ['record-file', { stream_id: ['x'] }, 'stream_id must be a string'],
    ['monitor', { stream_id: true }, 'stream_id must be a string'],
    ['image-audit', { streamId: { a: 1 } }, 'streamId must be a string'],
    ['relay', { task_id: ['118148'] }, 'task_id must be a string'],
  ])('%s says what it is about is unreadable: %j', (kind, fields, line) => {
    expect(errors(sample(kind, fields))).toEqual([line]);
  });

  it('is none whose stream stands under the other spelling', () => {
    for (const stream_id of [undefined, null]) {
      const meaning = accepted(sample('stream-push', { stream_id, streamId: 's' }));
      expect(meaning).toMatchObject({ stream: { name: 's' }, data: { stream_id: 's' } });
    }
  });

  it('is none whose stream has an endless number for a name', () => {
    const text = JSON.stringify(sample('stream-push', { stream_id: 'NAME' }));
    expect(interpretText(text.replace('"NAME"', '1e400'))).toMatchObject({
      state: 'quarantined',
      stream: { name: null },
    });
  });

  it('does not repeat what was sent', () => {
    const secret = 'txSecret=ca3e25e5dc17a6f9909a9ae7281e300d';
    expect(errors(sample('stream-push', { stream_id: [secret] })).join()).not.toContain('txSecret');
  });
});

describe('a limit', () => {
  const items = (length: number, item: unknown) => Array.from({ length }, () => item);

  it.each<[string, LiveEventKind, (length: number) => Fields, string]>([
    ['integers', 'image-audit', (n) => ({ type: items(n, 1) }), 'type'],
    [
      'numbers',
      'audio-audit',
      (n) => ({ data: { asr_tmp_full_results: [{ appearing_point: items(n, 0.5) }] } }),
      'data.asr_tmp_full_results[0].appearing_point',
    ],
    ['texts', 'summary', (n) => ({ key_words: items(n, 'w') }), 'key_words'],
    ['objects', 'push-error', (n) => ({ abnormal_event: items(n, { type: 1 }) }), 'abnormal_event'],
    [
      'sentences',
      'subtitles',
      (n) => ({ data: { subtitle_tmp_res: items(n, {}) } }),
      'data.subtitle_tmp_res',
    ],
  ])('of lists of %s is 4,096', (_what, kind, fields, place) => {
    accepted(sample(kind, fields(4096)));
    expect(accepted(sample(kind, fields(4097))).warnings).toContain(`dropped: ${place}`);
  });

  it.each<[string, LiveEventKind, (text: string) => Fields, string]>([
    ['a text', 'stream-push', (text) => ({ errmsg: text }), 'errmsg'],
    ['an id', 'stream-push', (text) => ({ sequence: text }), 'sequence'],
    [
      'a nested text',
      'image-audit',
      (text) => ({ ocrResults: [{ Text: text }] }),
      'ocrResults[0].Text',
    ],
  ])('of %s is 65,536 characters', (_what, kind, fields, place) => {
    const warning = `dropped: ${place}`;
    expect(accepted(sample(kind, fields('x'.repeat(65_536)))).warnings).not.toContain(warning);
    expect(accepted(sample(kind, fields('x'.repeat(65_537)))).warnings).toContain(warning);
    expect(
      interpret(sample(kind, { stream_id: 'x'.repeat(65_537), streamId: undefined })),
    ).toMatchObject({
      state: 'quarantined',
      errors: [expect.stringContaining('must be shorter than or equal to 65536 characters')],
    });
  });

  it('of an id holds for digits too', () => {
    const text = JSON.stringify(sample('stream-push', { sequence: 'DIGITS' }));
    const digits = (length: number) => text.replace('"DIGITS"', '9'.repeat(length));
    expect(interpretText(digits(65_536)).warnings).not.toContain('dropped: sequence');
    expect(interpretText(digits(65_537)).warnings).toEqual(
      expect.arrayContaining(['dropped: sequence', 'identity-by-content']),
    );
  });
});

describe('a kind of the host', () => {
  class SpoiltError extends Error {}

  class ThrowingDto {
    constructor() {
      throw new SpoiltError('secret');
    }
  }

  class ThrowingTransformDto {
    @Transform(() => {
      throw new SpoiltError('secret');
    })
    value!: number;
  }

  class CountDto {
    @IsInt()
    value!: number;
  }

  class BigDto {
    @Transform(({ value }) => BigInt(value as number))
    value!: bigint;
  }

  const interpretAs = (event: CustomLiveEvent, fields: JsonObject = {}) => {
    const catalog = new EventCatalog([definitionOf(event)]);
    const payload = { event_type: event.eventType, value: 1, ...fields };
    return new EventInterpreter(catalog).interpret(payload);
  };
  const counting = (more: Partial<CustomLiveEvent<CountDto>> = {}) =>
    defineLiveEvent({ kind: 'count', eventType: 9001, dto: CountDto, ...more });

  it('is typed by its own DTO, without warnings, and is its whole content by default', () => {
    const meaning = interpretAs(counting(), { more: true });
    expect(meaning).toMatchObject({
      kind: 'count',
      state: 'accepted',
      occurredAt: null,
      warnings: [],
    });
    expect(meaning.data).toBeInstanceOf(CountDto);
    const other = interpretAs(counting(), { value: 2, more: true });
    expect(other.identityDigest).not.toBe(meaning.identityDigest);
  });

  it('is quarantined with lines like any other', () => {
    expect(interpretAs(counting(), { value: 'x' })).toMatchObject({
      kind: 'count',
      state: 'quarantined',
      errors: ['value must be an integer number'],
    });
  });

  const fail = (): never => {
    throw new SpoiltError('secret');
  };

  it.each<[string, CustomLiveEvent]>([
    ['a constructor', { kind: 'bad', eventType: 9002, dto: ThrowingDto }],
    ['a transformation', { kind: 'bad', eventType: 9002, dto: ThrowingTransformDto }],
    ['identity', defineLiveEvent({ ...counting(), identity: fail })],
    ['occurredAt', defineLiveEvent({ ...counting(), occurredAt: fail })],
  ])('whose %s throws is quarantined without its message', (_what, event) => {
    const meaning = interpretAs(event);
    expect(meaning.state).toBe('quarantined');
    expect(meaning.errors).toHaveLength(1);
    expect(meaning.errors[0]).toMatch(/^\w+ threw \w*Error on this payload$/);
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);

  it.each<[string, CustomLiveEvent]>([
    ['a bigint in its DTO', { kind: 'big', eventType: 9002, dto: BigDto }],
    ['a bigint as identity', defineLiveEvent({ ...counting(), identity: () => [1n] })],
    ['a cycle as identity', defineLiveEvent({ ...counting(), identity: () => cycle })],
    [
      'a bigint as time',
      defineLiveEvent({ ...counting(), occurredAt: () => 1n as unknown as number }),
    ],
  ])('with %s does not make the interpreter throw', (_what, event) => {
    expect(['accepted', 'quarantined']).toContain(interpretAs(event).state);
  });

  it.each([NaN, Infinity, -Infinity, undefined, null, 8.64e15 + 1])(
    'that gives %s as its time has none',
    (time) => {
      const event = counting({ occurredAt: () => time as number });
      expect(interpretAs(event)).toMatchObject({ state: 'accepted', occurredAt: null });
    },
  );
});

describe('random payloads', () => {
  const TEXTS = [
    '',
    ' ',
    '0',
    '1',
    '-1',
    '344',
    '1.5',
    ' 7',
    'true',
    'null',
    '{"a":[1]}',
    '[',
    'ü🎥',
    '\u0000',
    '\ud800',
    '__proto__',
    'constructor',
    '9'.repeat(40),
  ];
  const NUMBERS = [0, -0, 1, -1, 1.5, 344, 345, 1e21, -1e308, 1703731478, 2 ** 53, 8.64e15];
  const RAW = ['18446744073709551616', '1e999', '-1e999', '9007199254740993'];

  function randomValue(random: Random, depth = 0): unknown {
    switch (random.below(depth > 3 ? 6 : 9)) {
      case 0:
        return null;
      case 1:
        return random.below(2) === 0;
      case 2:
        return random.pick(NUMBERS);
      case 3:
        return random.below(2 ** 31);
      case 4:
        return `RAW${random.pick(RAW)}`;
      case 5:
        return random.pick(TEXTS);
      case 6:
        return Array.from({ length: random.below(4) }, () => randomValue(random, depth + 1));
      default:
        return Object.fromEntries(
          Array.from({ length: random.below(4) }, () => [
            random.pick(['a', 'type', 'data', 'Label', 'Details', 'detail', '', 'toString']),
            randomValue(random, depth + 1),
          ]),
        );
    }
  }

  /** Puts random values at random places of a sample, at any depth. */
  function spoil(random: Random, value: unknown): unknown {
    if (value === null || typeof value !== 'object' || random.below(4) === 0) {
      return randomValue(random);
    }
    const spoilt = structuredClone(value) as Record<string, unknown>;
    const keys = Object.keys(spoilt);
    if (keys.length === 0) return randomValue(random);
    const key = random.pick(keys);
    if (random.below(5) === 0 && !Array.isArray(spoilt)) delete spoilt[key];
    else spoilt[key] = spoil(random, spoilt[key]);
    return spoilt;
  }

  const SPELLINGS = [
    'appId',
    'streamId',
    'stream_id',
    'domain',
    'path',
    'score',
    'recordevent',
    'average_score',
    'foo',
    't',
    'sign',
  ];

  function randomText(random: Random, kind: LiveEventKind): string {
    let payload = sample(kind);
    const { event_type } = payload;
    for (let times = random.below(5); times > 0; times--) {
      const spoilt = spoil(random, payload);
      const isObject = typeof spoilt === 'object' && spoilt !== null && !Array.isArray(spoilt);
      if (isObject) payload = spoilt as Fields;
    }
    if (random.below(3) === 0) payload[random.pick(SPELLINGS)] = randomValue(random);
    if (random.below(8) === 0) payload = randomValue(random, 0) as Fields;
    const type = random.below(4) === 0 ? String(event_type) : event_type;
    return JSON.stringify({ ...payload, event_type: type }).replace(/"RAW([^"]+)"/g, '$1');
  }

  it('never make it throw, and always get a state, digests and bounded lines', () => {
    const random = seededRandom(20260131);
    const counts = new Map<string, number>();
    for (let i = 0; i < 3_000; i++) {
      const kind = KINDS[i % KINDS.length] as LiveEventKind;
      const text = randomText(random, kind);
      const { value } = parsePayload(text);
      const before = JSON.stringify(value);
      const meaning = interpreter.interpret(value);
      const { state, errors, warnings, occurredAt } = meaning;
      counts.set(`${meaning.kind} ${state}`, (counts.get(`${meaning.kind} ${state}`) ?? 0) + 1);
      const isRight =
        ['accepted', 'quarantined'].includes(state) &&
        (meaning.kind === kind || meaning.kind.startsWith('eval-')) &&
        DIGEST.test(meaning.contentDigest) &&
        DIGEST.test(meaning.identityDigest) &&
        errors.length > 0 === (state === 'quarantined') &&
        errors.length <= 16 &&
        errors.every((line) => line.length <= 200) &&
        warnings.length <= 16 &&
        (occurredAt === null || !Number.isNaN(occurredAt.getTime())) &&
        JSON.stringify(value) === before &&
        interpreter.interpret(value).identityDigest === meaning.identityDigest;
      expect({ isRight, text }).toEqual({ isRight: true, text });
    }
    // The samples are spoilt neither too much nor too little to show anything. Most of a relay has no task.
    const rare = KINDS.flatMap((kind) => [`${kind} accepted`, `${kind} quarantined`]).filter(
      (outcome) => (counts.get(outcome) ?? 0) < 10 && outcome !== 'relay quarantined',
    );
    expect(rare).toEqual([]);
  });
});
