/**
 * Every quirk and disagreement of the CSS documents, as it arrives on the wire and as the module
 * takes it. Names begin with a section of docs/protocol.md.
 *
 * What cannot be met on the wire has no test here: how long the sender waits (2.1), since the module
 * answers as soon as it has stored; who is said to receive (2.3); the sub-codes of an interruption
 * (4.2), which are in the console only; slips of documents (5.17).
 */
import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  LiveCallbackAuditService,
  OnLiveEvent,
  type CallbackDetail,
  type LiveEvent,
  type LiveEventKind,
} from '../../src/index.js';
import {
  imageAuditCallback,
  recordFileCallback,
  screenshotCallback,
  signatureOf,
  signCallback,
  streamInterruptCallback,
  streamPushCallback,
  whenListenersDone,
  type CallbackFields,
} from '../../src/testing/index.js';
import {
  ADAPTERS,
  KEY,
  startHost,
  type AdapterName,
  type Answer,
  type Host,
} from '../support/application.js';
import { createSqlite, type TestDatabase } from '../support/databases.js';
import { resign, samplesOf } from '../support/documented-samples.js';
import { DOCUMENTED_VIEWS } from '../support/documented-views.js';
import { EventRecorder } from '../support/event-recorder.js';
import { scratchHost } from '../support/scratch.js';

const ACCEPTED = { status: 200, text: '{"code":0}' };
const REFUSED = { status: 401, text: '{"code":401}' };
const JSON_HEADERS = { 'content-type': 'application/json' };
const now = () => Math.floor(Date.now() / 1000);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Stands in a callback for a number that JavaScript cannot write, or for what is no JSON at all. */
const bare = (lexeme: string) => `BARE<${lexeme}>`;
const withBare = (text: string) => text.replace(/"BARE<([^>]*)>"/g, '$1');

/** The documented sample of a kind with other fields; undefined ones are left out. */
function sample(kind: LiveEventKind, fields: CallbackFields = {}, file = ''): CallbackFields {
  const { text } = samplesOf(kind).find((candidate) => candidate.file.includes(file))!;
  const { t: _t, sign: _sign, ...documented } = JSON.parse(text) as CallbackFields;
  return { ...documented, ...fields };
}

const push = streamPushCallback;
const interruption = streamInterruptCallback;
const file = recordFileCallback;
const image = imageAuditCallback;
const taskStart = (fields: CallbackFields) => sample('relay', fields, 'task-start');
const taskExit = (fields: CallbackFields) => sample('relay', fields, 'task-exit');
const anomaly = (fields: CallbackFields, more: CallbackFields = {}) =>
  sample('push-error', { abnormal_event: [{ type: 7, count: 1, ...fields }], ...more });
const sentence = (fields: CallbackFields) =>
  sample('subtitles', { data: { subtitle_tmp_res: [{ start_pts: 1, end_pts: 2, ...fields }] } });

interface Quirk {
  /** A section of docs/protocol.md, then a sentence. */
  readonly name: string;
  readonly kind: LiveEventKind;
  readonly callback: CallbackFields;
  /** What is done to the signed text. */
  readonly onWire?: (text: string) => string;
  /** Fields of the typed view; undefined where there must be none. */
  readonly data?: Record<string, unknown>;
  readonly stream?: Partial<CallbackDetail['stream']>;
  readonly sequence?: string;
  readonly occurredAt?: string | null;
  /** Id of the reason; null where it must be undefined. */
  readonly reason?: string | null;
  /** Default: none. */
  readonly warnings?: string[];
}

/** What is accepted and typed. */
const TAKEN: Quirk[] = [
  // Transport
  {
    name: '5.4: slashes may be escaped',
    kind: 'record-file',
    callback: file({ video_url: 'http://vod.example.com/a/b.m3u8' }),
    onWire: (text) => text.replaceAll('/', '\\/'),
    data: { video_url: 'http://vod.example.com/a/b.m3u8' },
  },
  {
    name: '5.4: letters may be escaped',
    kind: 'stream-push',
    callback: push({ errmsg: '直播' }),
    onWire: (text) => text.replace('直播', '\\u76f4\\u64ad'),
    data: { errmsg: '直播' },
  },
  {
    name: '5.4: a newline may follow the body',
    kind: 'stream-push',
    callback: push(),
    onWire: (text) => `${text}\n`,
  },
  {
    name: '5.4: white space may surround everything',
    kind: 'stream-push',
    callback: push(),
    onWire: (text) => `\r\n\t ${JSON.stringify(JSON.parse(text), null, 4)}\r\n\r\n`,
  },
  {
    name: '3.2: event_type 0 is a number like any other',
    kind: 'stream-interrupt',
    callback: interruption({ errcode: 0 }),
    data: { event_type: 0, errcode: 0 },
    reason: 'interrupt.unknown',
  },
  {
    name: '4.1: update_time does not stand in for event_time, as no body ever showed',
    kind: 'stream-push',
    callback: push({ event_time: undefined, update_time: 1545115790 }),
    occurredAt: null,
    warnings: ['unknown-field: update_time'],
  },
  {
    name: '4.7: a verdict may lack its suggestion, as in documents of 2020',
    kind: 'image-audit',
    callback: image({ suggestion: undefined }),
    data: { label: 'Porn' },
  },
  {
    name: '5.14: an invented body with push_domain is about its stream all the same',
    kind: 'stream-push',
    callback: push({ app: undefined, push_domain: 'push.example.com' }),
    stream: { domain: null, name: 'test_stream' },
    warnings: ['identity-by-content', 'unknown-field: push_domain'],
  },
  {
    name: '5.1: event_type may be text',
    kind: 'stream-interrupt',
    callback: interruption({ event_type: '0' }),
    data: { event_type: 0 },
    warnings: ['coerced: event_type'],
  },
  {
    name: '3.2: a push domain may be an address',
    kind: 'stream-push',
    callback: push({ app: '203.0.113.9' }),
    stream: { domain: '203.0.113.9' },
  },
  ...['1234567890', 'a@b#c_d', '_', '房间', 'a/b?c=d&e'].map((stream_id): Quirk => ({
    name: `3.2: a stream may be called ${stream_id}`,
    kind: 'stream-push',
    callback: push({ stream_id }),
    data: { stream_id },
    stream: { name: stream_id },
  })),
  ...['', 'a|b;c:d', 'txFrom=pullpush&upstream_sequence=1&txHost=x&ppTaskId=2', '%00%ff&=&&?'].map(
    (stream_param): Quirk => ({
      name: `3.2: stream_param is opaque: ${JSON.stringify(stream_param)}`,
      kind: 'stream-push',
      callback: push({ stream_param }),
      data: { stream_param },
    }),
  ),
  {
    name: '4.2: the body of 2016 has no appid and no errcode',
    kind: 'stream-interrupt',
    callback: interruption({
      appid: undefined,
      errcode: undefined,
      errmsg: undefined,
      push_duration: undefined,
      set_id: undefined,
      idc_id: undefined,
      width: undefined,
      height: undefined,
    }),
    data: { appid: undefined, errcode: undefined, errmsg: undefined },
    stream: { appId: null },
  },
  {
    name: '4.2: an errcode that no document lists is no obstacle',
    kind: 'stream-interrupt',
    callback: interruption({ errcode: 777 }),
    data: { errcode: 777 },
    reason: null,
  },
  ...[
    '9007199254740993',
    '9223372036854775808',
    '18446744073709551615',
    '18446744073709551616',
    '340282366920938463463374607431768211456',
  ].map((digits): Quirk => ({
    name: `5.2: a sequence sent as the number ${digits} stays exact`,
    kind: 'stream-push',
    callback: push({ sequence: bare(digits) }),
    data: { sequence: digits },
    sequence: digits,
    // Beyond 2^53 the reader makes it text, which is the documented type.
  })),
  {
    name: '5.2: ids of a recording sent as numbers stay exact',
    kind: 'record-file',
    callback: file({
      file_id: bare('5285890784246869931'),
      record_file_id: bare('5285890784246869931'),
      task_id: bare('18446744073709551616'),
    }),
    data: {
      file_id: '5285890784246869931',
      record_file_id: '5285890784246869931',
      task_id: '18446744073709551616',
    },
  },
  {
    name: '5.2: session and seq of a recording status sent as numbers stay exact',
    kind: 'record-status',
    callback: sample('record-status', {
      session_id: bare('18446744073709551617'),
      seq: bare('9223372036854775809'),
    }),
    data: { session_id: '18446744073709551617', seq: '9223372036854775809' },
  },

  // Stream events
  {
    name: '1.4: t may lie 84,917 s before event_time',
    kind: 'stream-push',
    callback: push({ event_time: now() + 600 + 84_917 }),
  },
  {
    name: '1.4: t may lie 100 s before event_time',
    kind: 'stream-push',
    callback: push({ event_time: now() + 600 + 100 }),
  },
  {
    name: '1.4: t may lie years after event_time',
    kind: 'stream-push',
    callback: push({ event_time: 1545115790 }),
    occurredAt: '2018-12-18T06:49:50.000Z',
  },
  {
    name: '4.1: a push without set_id, idc_id, width and height is complete',
    kind: 'stream-push',
    callback: push({ set_id: undefined, idc_id: undefined, width: undefined, height: undefined }),
    data: { set_id: undefined, idc_id: undefined, width: undefined, height: undefined },
  },
  {
    name: '4.1: so is one with set_id alone',
    kind: 'stream-push',
    callback: push({ set_id: 200, idc_id: undefined, width: undefined, height: undefined }),
    data: { set_id: 200, idc_id: undefined },
  },
  {
    name: '4.1: idc_id is known though no document lists it',
    kind: 'stream-push',
    callback: push({ idc_id: 34, width: 1920, height: 1080 }),
    data: { idc_id: 34, width: 1920, height: 1080 },
  },
  {
    name: '3.1: channel_id may differ from stream_id, which names the stream',
    kind: 'stream-push',
    callback: push({ stream_id: 'room', channel_id: '2016_room' }),
    data: { stream_id: 'room', channel_id: '2016_room' },
    stream: { name: 'room' },
  },
  {
    name: '3.2: a leading blank of stream_id and channel_id is kept',
    kind: 'stream-push',
    callback: push({ stream_id: ' stream_test', channel_id: ' stream_test' }),
    data: { stream_id: ' stream_test', channel_id: ' stream_test' },
    stream: { name: ' stream_test' },
  },
  {
    name: '4.1: an update_time beside event_time is an unknown field',
    kind: 'stream-push',
    callback: push({ event_time: 1545115790, update_time: 1545115791 }),
    occurredAt: '2018-12-18T06:49:50.000Z',
    warnings: ['unknown-field: update_time'],
  },
  ...['ok', 'OK', '', 'recv rtmp deleteStream', 'The push client actively stopped the push'].map(
    (errmsg): Quirk => ({
      name: `4.2: errmsg ${JSON.stringify(errmsg)} changes nothing about the reason`,
      kind: 'stream-interrupt',
      callback: interruption({ errcode: 1, errmsg }),
      data: { errcode: 1, errmsg },
      reason: 'interrupt.client-delete-stream',
    }),
  ),
  {
    name: '4.2: push_duration is a text and becomes a number',
    kind: 'stream-interrupt',
    callback: interruption({ push_duration: '128581' }),
    data: { push_duration: 128581 },
  },
  {
    name: '4.2: push_duration may be missing',
    kind: 'stream-interrupt',
    callback: interruption({ push_duration: undefined }),
    data: { push_duration: undefined },
  },
  {
    name: '4.2: push_duration may be empty',
    kind: 'stream-interrupt',
    callback: interruption({ push_duration: '' }),
    data: { push_duration: undefined },
  },
  {
    name: '4.2: push_duration may be a number',
    kind: 'stream-interrupt',
    callback: interruption({ push_duration: 128581 }),
    data: { push_duration: 128581 },
    warnings: ['coerced: push_duration'],
  },
  {
    name: '4.2: errcode 10 is the interruption by the proxy',
    kind: 'stream-interrupt',
    callback: interruption({ errcode: 10 }),
    reason: 'interrupt.proxy-interrupted',
  },
  {
    name: '4.2: errcode 16 is a network error',
    kind: 'stream-interrupt',
    callback: interruption({ errcode: 16 }),
    reason: 'interrupt.network-16',
  },

  // Recording
  {
    name: '4.3: start_time means what it says; the event happened at end_time',
    kind: 'record-file',
    callback: file({ start_time: 1642089445, end_time: 1642089598, duration: 154 }),
    data: { start_time: 1642089445, end_time: 1642089598, duration: 154 },
    occurredAt: '2022-01-13T15:59:58.000Z',
  },
  ...['FLV', 'HLS', 'MP4', 'AAC', 'flv', 'hls', 'mp4', 'aac'].map((file_format): Quirk => ({
    name: `4.3: file_format ${file_format} is passed on as sent`,
    kind: 'record-file',
    callback: file({ file_format }),
    data: { file_format },
  })),
  {
    name: '4.5: file_format of a recording exception may be upper case too',
    kind: 'record-exception',
    callback: sample('record-exception', { file_format: 'TS' }),
    data: { file_format: 'TS' },
  },
  {
    name: '4.3: file_size may be a text',
    kind: 'record-file',
    callback: file({ file_size: '277941079' }),
    data: { file_size: 277941079 },
    warnings: ['coerced: file_size'],
  },
  {
    name: '4.3: duration and times may be texts',
    kind: 'record-file',
    callback: file({ duration: '154', start_time: '1642089445', end_time: '1642089598' }),
    data: { duration: 154, start_time: 1642089445, end_time: 1642089598 },
    warnings: ['coerced: start_time', 'coerced: end_time', 'coerced: duration'],
  },
  ...['154321', '', undefined].map((record_temp_id): Quirk => ({
    name: `4.3: record_temp_id is known: ${JSON.stringify(record_temp_id)}`,
    kind: 'record-file',
    callback: file({ record_temp_id }),
    data: { record_temp_id },
  })),
  {
    name: '4.3: video_id is known',
    kind: 'record-file',
    callback: file({ video_id: '200025724_ac92b781a22c4a3e937c9e61c2624af7' }),
    data: { video_id: '200025724_ac92b781a22c4a3e937c9e61c2624af7' },
  },
  {
    name: '4.3: stream_param may be missing',
    kind: 'record-file',
    callback: file({ stream_param: undefined }),
    data: { stream_param: undefined },
  },
  {
    name: '4.3: the recording of a mixed stream has an empty stream_param',
    kind: 'record-file',
    callback: file({ stream_id: '2524_mix_room', stream_param: '' }),
    data: { stream_param: '' },
    stream: { name: '2524_mix_room' },
  },
  {
    name: '4.3: the only file of a resumed HLS recording is shorter than its task',
    kind: 'record-file',
    callback: file({ start_time: 1642080000, end_time: 1642089598, duration: 154 }),
    data: { start_time: 1642080000, end_time: 1642089598, duration: 154 },
  },
  {
    name: '4.3: the body of 2016 lacks what came later and has vod2Flag',
    kind: 'record-file',
    callback: file({
      appid: undefined,
      app: undefined,
      appname: undefined,
      record_file_id: undefined,
      task_id: undefined,
      start_time_usec: undefined,
      end_time_usec: undefined,
      duration: undefined,
      media_start_time: undefined,
      record_bps: undefined,
      callback_ext: undefined,
      vod2Flag: 1,
    }),
    data: { app: undefined, duration: undefined, callback_ext: undefined },
    stream: { appId: null, domain: null, path: null, name: 'test_stream' },
    warnings: ['unknown-field: vod2Flag'],
  },
  {
    name: '4.3: a file id of COS storage is a text',
    kind: 'record-file',
    callback: file({ file_id: '1250000000_ac92b781a22c4a3e937c9e61c2624af7' }),
    data: { file_id: '1250000000_ac92b781a22c4a3e937c9e61c2624af7' },
  },
  {
    name: '4.3: callback_ext is parsed and kept as text',
    kind: 'record-file',
    callback: file({ callback_ext: '{"video_codec":"h264","session_id":"9007199254740993"}' }),
    data: {
      callback_ext: {
        text: '{"video_codec":"h264","session_id":"9007199254740993"}',
        value: { video_codec: 'h264', session_id: '9007199254740993' },
      },
    },
  },
  {
    name: '4.3: numbers inside callback_ext stay exact',
    kind: 'record-file',
    callback: file({ callback_ext: '{"session_id":18446744073709551617}' }),
    data: {
      callback_ext: {
        text: '{"session_id":18446744073709551617}',
        value: { session_id: '18446744073709551617' },
      },
    },
  },
  ...['{\\"video_codec\\":\\"h264\\"}', '{"video_codec":', 'h264', '', '{}}'].map(
    (text): Quirk => ({
      name: `5.3: callback_ext may be no JSON: ${text || 'empty'}`,
      kind: 'record-file',
      callback: file({ callback_ext: text }),
      data: { callback_ext: { text } },
    }),
  ),
  {
    name: '5.3: callback_ext may be sent as an object',
    kind: 'record-file',
    callback: file({ callback_ext: { video_codec: 'h264' } }),
    data: { callback_ext: { text: '{"video_codec":"h264"}', value: { video_codec: 'h264' } } },
    warnings: ['coerced: callback_ext'],
  },
  {
    name: '4.4: record_detail with one level of escapes too many is kept as text',
    kind: 'record-status',
    callback: sample('record-status', { record_detail: '{\\"file_format\\":2}' }),
    data: { record_detail: { text: '{\\"file_format\\":2}' } },
  },
  {
    name: '4.4: record_detail may be escaped as it should be',
    kind: 'record-status',
    callback: sample('record-status', { record_detail: '{"file_format":5,"start_model":5}' }),
    data: {
      record_detail: {
        text: '{"file_format":5,"start_model":5}',
        value: { file_format: 5, start_model: 5 },
      },
    },
  },
  {
    name: '4.4: record_detail may be sent as an object',
    kind: 'record-status',
    callback: sample('record-status', { record_detail: { file_format: 2 } }),
    data: { record_detail: { text: '{"file_format":2}', value: { file_format: 2 } } },
    warnings: ['coerced: record_detail'],
  },
  {
    name: '4.4: recordevent is another spelling of record_event',
    kind: 'record-status',
    callback: sample('record-status', { record_event: undefined, recordevent: 'record_paused' }),
    data: { record_event: 'record_paused', recordevent: undefined },
    reason: 'record.paused',
  },
  {
    name: '4.4: the stream of a relay recording is its relay task',
    kind: 'record-status',
    callback: sample('record-status', { stream_id: '2991615887188599296' }),
    data: { stream_id: '2991615887188599296' },
    stream: { name: '2991615887188599296' },
  },
  {
    name: '4.4: an event that only a public clone sends has no meaning and passes',
    kind: 'record-status',
    callback: sample('record-status', { record_event: 'record_mp4_created' }),
    data: { record_event: 'record_mp4_created' },
    reason: null,
  },
  {
    name: '4.4: a recording status without seq, task and detail is complete',
    kind: 'record-status',
    callback: sample('record-status', { seq: undefined, record_detail: undefined }),
    data: { seq: undefined, record_detail: undefined, task_id: undefined },
  },
  {
    name: '4.5: domain, path and interface of an exception are in no table',
    kind: 'record-exception',
    callback: sample('record-exception', {
      domain: undefined,
      path: undefined,
      interface: undefined,
    }),
    stream: { domain: null, path: null },
    reason: 'record-exception.video-timestamps-uneven',
  },

  // Screenshots
  {
    name: '4.6: a screenshot has no appid',
    kind: 'screenshot',
    callback: screenshotCallback(),
    stream: { appId: null, domain: 'push.example.com', path: 'live', name: 'test_stream' },
  },
  {
    name: '4.6: the body of 2016 has no size and no full URL, and a public one has more',
    kind: 'screenshot',
    callback: screenshotCallback({
      app: undefined,
      appname: undefined,
      stream_param: undefined,
      file_size: undefined,
      width: undefined,
      height: undefined,
      pic_full_url: undefined,
      task_id: undefined,
      pic_extra_info: 0,
    }),
    data: { file_size: undefined, pic_full_url: undefined, pic_extra_info: 0 },
    stream: { domain: null, path: null },
  },

  // Moderation
  ...(
    [
      ['socre', [99], undefined],
      ['socre', 99, 'coerced: score'],
      ['score', [99], undefined],
      ['score', 99, 'coerced: score'],
      ['socre', ['99'], 'coerced: score'],
    ] as const
  ).map(([spelling, value, warning]): Quirk => ({
    name: `4.7: the score may be written "${spelling}":${JSON.stringify(value)}`,
    kind: 'image-audit',
    callback: image({ socre: undefined, [spelling]: value }),
    data: { score: [99], socre: undefined },
    warnings: warning ? [warning] : [],
  })),
  {
    name: '4.7: the score may be missing',
    kind: 'image-audit',
    callback: image({ socre: undefined }),
    data: { score: [] },
  },
  ...['label', 'Label'].map((spelling): Quirk => ({
    name: `4.7: nested results may spell ${spelling}`,
    kind: 'image-audit',
    callback: image({
      labelResults: null,
      libResults: [{ Scene: 'Similar', [spelling]: 'Porn', Details: [{ Id: 1, [spelling]: 'X' }] }],
    }),
    data: {
      labelResults: [],
      libResults: [
        {
          Scene: 'Similar',
          Label: 'Porn',
          Names: [],
          Details: [{ Id: '1', Label: 'X', Keywords: [] }],
        },
      ],
    },
  })),
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((type): Quirk => ({
    name: `4.7: type ${type} is passed on as a number without a meaning`,
    kind: 'image-audit',
    callback: image({ type: [type] }),
    data: { type: [type], reason: undefined, label: 'Porn', suggestion: 'Block' },
  })),
  {
    name: '4.7: a type that is no list becomes one',
    kind: 'image-audit',
    callback: image({ type: 1 }),
    data: { type: [1] },
    warnings: ['coerced: type'],
  },
  {
    name: '4.7: the stream of an image audit is its streamId',
    kind: 'image-audit',
    callback: image({ streamId: 'camel', channelId: 'case' }),
    data: { streamId: 'camel', channelId: 'case' },
    stream: { name: 'camel' },
  },
  {
    name: '4.7: an image audit may spell stream_id like the others',
    kind: 'image-audit',
    callback: image({
      streamId: undefined,
      channelId: undefined,
      stream_id: 'snake',
      channel_id: 'case',
    }),
    data: { streamId: 'snake', channelId: 'case' },
    stream: { name: 'snake' },
  },
  {
    name: '4.7: lists of results may be null or missing',
    kind: 'image-audit',
    callback: image({
      labelResults: null,
      objectResults: null,
      ocrResults: undefined,
      libResults: null,
      type: null,
      socre: null,
    }),
    data: {
      labelResults: [],
      objectResults: [],
      ocrResults: [],
      libResults: [],
      type: [],
      score: [],
    },
  },
  {
    name: '4.7: lists inside results may be null, and locations fractions',
    kind: 'image-audit',
    callback: image({
      labelResults: [{ HitFlag: 0, Names: null, Details: null }],
      objectResults: [
        { Details: [{ Location: { X: 0.5, Y: 1, Width: 2.25, Height: 3, Rotate: -0.5 } }] },
      ],
    }),
    data: {
      labelResults: [{ HitFlag: false, Names: [], Details: [] }],
      objectResults: [
        {
          Names: [],
          Details: [
            { Keywords: [], Location: { X: 0.5, Y: 1, Width: 2.25, Height: 3, Rotate: -0.5 } },
          ],
        },
      ],
    },
  },
  {
    name: '4.7: scores of the old detection are unknown fields',
    kind: 'image-audit',
    callback: image({ tid: 20001, confidence: 99, pornScore: 99, gameDetails: {} }),
    warnings: ['tid', 'confidence', 'pornScore', 'gameDetails'].map(
      (key) => `unknown-field: ${key}`,
    ),
  },
  {
    name: '4.8: task_id of an audio audit is a number in the table',
    kind: 'audio-audit',
    callback: sample('audio-audit', { task_id: 36881 }),
    data: { task_id: '36881' },
  },
  {
    name: '4.8: every list of an audio audit may be null',
    kind: 'audio-audit',
    callback: sample('audio-audit', {
      task_id: undefined,
      language_results: null,
      moan_results: null,
      recognition_results: null,
      speaker_results: null,
      text_results: null,
      data: null,
    }),
    data: {
      language_results: [],
      moan_results: [],
      recognition_results: [],
      speaker_results: [],
      text_results: [],
      data: undefined,
    },
    occurredAt: null,
  },
  {
    name: '4.8: nearly every member of an audio audit may be null',
    kind: 'audio-audit',
    callback: sample('audio-audit', {
      task_id: undefined,
      bizid: null,
      HitFlag: null,
      Score: null,
      SubTag: null,
      asr_text: null,
      duration: null,
      label: null,
      status: null,
      language_results: [{ Label: null, Score: null, StartTime: null, EndTime: null }],
      moan_results: [{ Label: 'Moan', SubLabel: null, Suggestion: null }],
      recognition_results: [
        { Label: 'Gender', Tags: null },
        { Tags: [{ Name: null, Score: null }] },
      ],
      speaker_results: [{ StartTime: 0.5, EndTime: 1.25 }],
      text_results: [
        { Keywords: null, HitInfos: null, LibId: null },
        { HitInfos: [{ Positions: null }] },
      ],
      data: { asr_tmp_full_results: [{ appearing_point: null, create_time: null, url: null }] },
    }),
    data: {
      HitFlag: undefined,
      language_results: [{}],
      moan_results: [{ Label: 'Moan' }],
      recognition_results: [{ Label: 'Gender', Tags: [] }, { Tags: [{}] }],
      speaker_results: [{ StartTime: 0.5, EndTime: 1.25 }],
      text_results: [
        { Keywords: [], HitInfos: [] },
        { Keywords: [], HitInfos: [{ Positions: [] }] },
      ],
      data: { asr_tmp_full_results: [{ appearing_point: [] }] },
    },
    occurredAt: null,
  },

  // Relay
  {
    name: '4.10: appId is another spelling of appid',
    kind: 'relay',
    callback: taskStart({ appid: undefined, appId: 4 }),
    data: { appid: '4', appId: undefined },
    stream: { appId: '4' },
  },
  ...([0, '0'] as const).map((index): Quirk => ({
    name: `4.10: msg.index may be ${JSON.stringify(index)}`,
    kind: 'relay',
    callback: taskStart({
      callback_event: 'VodSourceFileStart',
      msg: JSON.stringify({ url: 'http://x', index, duration: 14920 }),
    }),
    data: {
      msg: {
        text: JSON.stringify({ url: 'http://x', index, duration: 14920 }),
        value: { url: 'http://x', index, duration: 14920 },
      },
    },
  })),
  ...([-22, '-22'] as const).map((code): Quirk => ({
    name: `4.10: msg.code may be ${JSON.stringify(code)}`,
    kind: 'relay',
    callback: taskExit({ task_id: '37', msg: JSON.stringify({ code }) }),
    data: { msg: { text: JSON.stringify({ code }), value: { code } } },
  })),
  {
    name: '4.10: a TaskExit may call its time task_start_time',
    kind: 'relay',
    callback: taskExit({ task_id: '38', msg: '{"code":0,"task_start_time":1712893433000}' }),
    data: {
      msg: {
        text: '{"code":0,"task_start_time":1712893433000}',
        value: { code: 0, task_start_time: 1712893433000 },
      },
    },
  },
  {
    name: '4.10: stream_id of a relay may be empty',
    kind: 'relay',
    callback: taskStart({ task_id: '39', stream_id: '' }),
    data: { stream_id: '' },
    stream: { name: '' },
  },
  {
    name: '4.10: a TaskExit may lack task, stream and target',
    kind: 'relay',
    callback: taskExit({}),
    data: { task_id: undefined, stream_id: undefined, to_url: undefined },
    stream: { name: null },
    warnings: ['identity-by-content'],
  },
  {
    name: '4.10: source_urls ends with a newline and is a list all the same',
    kind: 'relay',
    callback: taskStart({ task_id: '41', source_urls: '["http://a","http://b"]\n' }),
    data: { source_urls: { text: '["http://a","http://b"]\n', value: ['http://a', 'http://b'] } },
  },
  ...['["http://a"', 'http://a', '[\\"http://a\\"]\n', ''].map((source_urls): Quirk => ({
    name: `4.10: source_urls may be no JSON: ${JSON.stringify(source_urls)}`,
    kind: 'relay',
    callback: taskStart({ source_urls }),
    data: { source_urls: { text: source_urls } },
  })),
  {
    name: '4.10: source_urls and msg may be sent without being wrapped',
    kind: 'relay',
    callback: taskStart({ source_urls: ['http://a'], msg: { task_start_time: 1 } }),
    data: {
      source_urls: { text: '["http://a"]', value: ['http://a'] },
      msg: { text: '{"task_start_time":1}', value: { task_start_time: 1 } },
    },
    warnings: ['coerced: source_urls', 'coerced: msg'],
  },
  ...['ResetTaskConfig', 'TaskAlarm', 'PullFileUnstable', 'MergeStart', '未知'].map(
    (callback_event): Quirk => ({
      name: `4.10: a relay may tell of ${callback_event}`,
      kind: 'relay',
      callback: taskStart({ callback_event }),
      data: { callback_event },
      reason: null,
    }),
  ),
  {
    name: '4.10: an alarm has a reason',
    kind: 'relay',
    callback: taskStart({ callback_event: 'TaskAlarm', msg: '{"type":"PushStreamFailed"}' }),
    reason: 'relay.push-failed',
  },

  // Push errors
  {
    name: '4.9: timeout of a push error is a number among others',
    kind: 'push-error',
    callback: sample('push-error', { timeout: 5000, report_interval: 5000 }),
    data: { timeout: 5000, report_interval: 5000 },
  },
  ...['audio frame arrive interval bigger than 1000(ms)', '… than 3000(ms)'].map(
    (type_desc_en): Quirk => ({
      name: `4.9: whatever the text of type 7 says: ${type_desc_en}`,
      kind: 'push-error',
      callback: anomaly({ type_desc_en }),
      data: { abnormal_event: [{ type: 7, count: 1, detail: [], type_desc_en }] },
    }),
  ),
  ...[' ', '音频帧到达间隔过大', '音声フレームの到着間隔', '오디오 프레임'].map(
    (type_desc_cn): Quirk => ({
      name: `4.9: type_desc_cn may be ${JSON.stringify(type_desc_cn)}`,
      kind: 'push-error',
      callback: anomaly({ type_desc_cn }),
      data: { abnormal_event: [{ type: 7, count: 1, detail: [], type_desc_cn }] },
    }),
  ),
  ...(
    [
      ['true', true],
      ['false', false],
      [true, true],
      [false, false],
      ['', undefined],
      [null, undefined],
      [undefined, undefined],
    ] as const
  ).map(([customer_visible, expected]): Quirk => ({
    name: `4.9: customer_visible may be ${JSON.stringify(customer_visible)}`,
    kind: 'push-error',
    callback: anomaly({ customer_visible }, { sequence: `44${JSON.stringify(customer_visible)}` }),
    data: {
      abnormal_event: [
        {
          type: 7,
          count: 1,
          detail: [],
          ...(expected === undefined ? {} : { customer_visible: expected }),
        },
      ],
    },
    warnings:
      typeof customer_visible === 'boolean' ? ['coerced: abnormal_event[0].customer_visible'] : [],
  })),
  {
    name: '4.9: occur_time may be a text',
    kind: 'push-error',
    callback: anomaly({ detail: [{ desc: 'd', occur_time: '1670588070569' }] }),
    data: {
      abnormal_event: [{ type: 7, count: 1, detail: [{ desc: 'd', occur_time: 1670588070569 }] }],
    },
    warnings: ['coerced: abnormal_event[0].detail[0].occur_time'],
  },
  {
    name: '4.9: the body of 2023 has neither user_ip nor event_key, and appid 0',
    kind: 'push-error',
    callback: anomaly({ type: 11 }, { appid: 0, user_ip: undefined }),
    data: { appid: '0', user_ip: undefined },
    stream: { appId: '0' },
  },
  {
    name: '4.9: a type that no document lists is no obstacle',
    kind: 'push-error',
    callback: anomaly({ type: 99 }),
    data: { abnormal_event: [{ type: 99, count: 1, detail: [] }] },
  },

  // Times
  {
    name: '3.3: the time of an exception is timestamp, in seconds',
    kind: 'record-exception',
    callback: sample('record-exception', { timestamp: 1700000000 }),
    occurredAt: '2023-11-14T22:13:20.000Z',
  },
  {
    name: '3.3: the time of a push error is data_time, in milliseconds',
    kind: 'push-error',
    callback: sample('push-error', { data_time: 1700000000123 }),
    occurredAt: '2023-11-14T22:13:20.123Z',
  },
  {
    name: '3.3: event_time of a monitor is in milliseconds',
    kind: 'monitor',
    callback: sample('monitor', { appid: 1, bizid: 2, event_time: 1700000000123 }),
    occurredAt: '2023-11-14T22:13:20.123Z',
  },
  {
    name: '3.3: event_time of a relay is a text of seconds',
    kind: 'relay',
    callback: taskStart({ event_time: '1712893433' }),
    data: { event_time: 1712893433 },
    occurredAt: '2024-04-12T03:43:53.000Z',
  },
  {
    name: '3.3: event_time of a relay may be a number, too',
    kind: 'relay',
    callback: taskStart({ event_time: 1712893434 }),
    data: { event_time: 1712893434 },
    occurredAt: '2024-04-12T03:43:54.000Z',
    warnings: ['coerced: event_time'],
  },
  {
    name: '3.3: event_time of the other kinds is in seconds',
    kind: 'quality-control',
    callback: sample('quality-control', { event_time: 1700000000 }),
    occurredAt: '2023-11-14T22:13:20.000Z',
  },
  {
    name: '3.3: event_time may be a text in the other kinds',
    kind: 'stream-push',
    callback: push({ event_time: '1700000000' }),
    data: { event_time: 1700000000 },
    occurredAt: '2023-11-14T22:13:20.000Z',
    warnings: ['coerced: event_time'],
  },

  // Subtitles and erasing
  ...(
    [
      ['stead_state', true, true],
      ['stead_state', false, false],
      ['steady_state', true, true],
      ['steady_state', false, false],
      ['steady_state', 'true', true],
      ['steady_state', 0, false],
    ] as const
  ).map(([spelling, value, steady_state]): Quirk => ({
    name: `4.12: a sentence may be "${spelling}":${JSON.stringify(value)}`,
    kind: 'subtitles',
    callback: sentence({ [spelling]: value, src_txt: `${spelling} ${JSON.stringify(value)}` }),
    data: {
      data: {
        subtitle_tmp_res: [
          {
            start_pts: 1,
            end_pts: 2,
            src_txt: `${spelling} ${JSON.stringify(value)}`,
            steady_state,
          },
        ],
      },
    },
    warnings: typeof value === 'boolean' ? [] : ['coerced: data.subtitle_tmp_res[0].steady_state'],
  })),
  {
    name: '4.12: appid and times may be there, unlike in the sample',
    kind: 'subtitles',
    callback: {
      ...sentence({
        src_txt: 'a',
        dst_txt: 'b',
        start_unix_time: 1700000000,
        end_unix_time: 1700000002,
      }),
      appid: 12345678,
    },
    data: { appid: '12345678' },
    stream: { appId: '12345678', domain: null, path: null },
    occurredAt: '2023-11-14T22:13:20.000Z',
  },
  {
    name: '4.16: a list of sentences may be null',
    kind: 'smart-erase',
    callback: sample('smart-erase', { data: { subtitle_tmp_res: null } }),
    data: { data: { subtitle_tmp_res: [] } },
    occurredAt: null,
    warnings: ['identity-by-content'],
  },

  // Quality
  {
    name: '4.15: an average that says 344 is an average',
    kind: 'eval-average',
    callback: sample('eval-average', { event_time: 1752130788 }),
    data: { event_type: 344, average_score: 27.765 },
  },
  {
    name: '4.15: an average that says 345 is an average',
    kind: 'eval-average',
    callback: sample('eval-average', { event_type: 345, event_time: 1752130789 }),
    data: { event_type: 345, average_score: 27.765 },
  },
  {
    name: '4.15: a threshold that says 344 is a threshold',
    kind: 'eval-threshold',
    callback: sample('eval-threshold', { event_time: 1752130790 }),
    data: { event_type: 344, average_score: undefined },
  },
  {
    name: '4.15: an average of zero is an average',
    kind: 'eval-average',
    callback: sample('eval-average', { average_score: 0, min_score: 0 }),
    data: { average_score: 0 },
  },
  {
    name: '4.13: a class that no document lists is no obstacle',
    kind: 'quality-control',
    callback: sample('quality-control', { class: 'QRCode/Barcode/AppletCode' }),
    data: { class: 'QRCode/Barcode/AppletCode' },
  },
  {
    name: '4.14: frames may be null',
    kind: 'eval-threshold',
    callback: sample('eval-threshold', { frames: null }),
    data: { frames: [] },
  },
  {
    name: '4.17: lists of words may be null',
    kind: 'summary',
    callback: sample('summary', { key_words: null, key_points: undefined }),
    data: { key_words: [], key_points: [] },
  },
  {
    name: '4.11: the braces of a monitor message hold no JSON',
    kind: 'monitor',
    callback: sample('monitor', {
      appid: 1,
      bizid: 2,
      event_msg: 'stream [ a ] callback message: {StartPtsTime:4.783, Text:中方}',
    }),
    data: { event_msg: 'stream [ a ] callback message: {StartPtsTime:4.783, Text:中方}' },
  },
];

/** What is kept with its reason and reaches no listener. */
const QUARANTINED: {
  name: string;
  kind: LiveEventKind;
  callback: CallbackFields;
  errors: string[];
}[] = [
  {
    name: '5.14: an invented body names its stream by another field',
    kind: 'stream-push',
    callback: push({ stream_id: undefined, stream_name: 'room' }),
    errors: ['stream_id must be a string'],
  },
];

/** What is kept as unknown and offered to the listeners for everything. */
const UNKNOWN: { name: string; callback: CallbackFields; eventType: number | null }[] = [
  {
    name: '1.6: an image audit without event_type, when it is signed',
    callback: image({ event_type: undefined }),
    eventType: null,
  },
  {
    name: '5.14: an invented monitor body under 329',
    callback: sample('monitor', { event_type: 329 }),
    eventType: 329,
  },
  {
    name: '3.2: an interruption without event_type is not taken for one',
    callback: interruption({ event_type: undefined }),
    eventType: null,
  },
  {
    name: '5.15: a StreamLive wrapper, when it is signed outside',
    callback: { data: { appid: 1, channel_id: 'c', event_type: 329, stream_id: '' } },
    eventType: null,
  },
];

const masked = (text: string, sign: string) => text.replace(/"sign":"[^"]*"/, `"sign":"${sign}"`);
const signed = (fields: CallbackFields) => withBare(signCallback(fields, { key: KEY }).body);

/** What is refused, and nothing of it is stored. */
const REFUSALS: { name: string; status: number; headers?: object; body: () => string }[] = [
  {
    name: '5.12: a masked sign of 32 characters',
    status: 401,
    body: () => masked(signed(push()), 'ca3e25e5dc17a6f9************300d'),
  },
  {
    name: '5.12: a masked sign of 33 characters',
    status: 401,
    body: () => masked(signed(push()), 'ca3e25e5dc17a6f9*************300d'),
  },
  {
    name: '1.6: an image audit of 2019 without event_type, t and sign',
    status: 401,
    headers: {
      'TPD-SecretID': 'AKIDexample',
      'TPD-CallBack-Auth': 'bm90IGEgZ2VudWluZSBvbmU=',
      'TPD-CallBack-Version': 'v2',
    },
    body: () => JSON.stringify(image({ event_type: undefined })),
  },
  {
    name: '1.3: a sign in upper case',
    status: 401,
    body: () => signed(push()).replace(/(?<="sign":")\w+/, (sign) => sign.toUpperCase()),
  },
  {
    name: '5.15: a StreamLive callback, signed inside data',
    status: 401,
    body: () =>
      JSON.stringify({
        data: signCallback(
          {
            appid: 1,
            channel_id: 'c',
            event_type: 329,
            input_id: 'i',
            interface: 'general_callback',
            pipeline: 0,
            stream_id: '',
          },
          { key: KEY },
        ).payload,
      }),
  },
];

/** Samples that are no JSON, signed: kept byte for byte, and quarantined. */
const UNREADABLE: { name: string; body: () => string }[] = [
  {
    name: '4.3: a record sample with unquoted values',
    body: () => signed(file({ stream_id: bare('stream_test') })),
  },
  {
    name: '4.3: a record sample with missing commas',
    body: () => signed(file()).replace(',"file_format"', '"file_format"'),
  },
  {
    name: '4.6: a screenshot sample with a missing comma',
    body: () => signed(screenshotCallback()).replace('"width":1280,', '"width":1280'),
  },
  {
    name: '4.6: a screenshot sample with a full-width bracket',
    body: () => signed(screenshotCallback()).replace(/\}$/, '｝'),
  },
  {
    name: '4.8: an audio sample with an unquoted task_id',
    body: () => signed(sample('audio-audit', { task_id: bare('xxx36881') })),
  },
  {
    name: '4.4: a record_detail whose escapes end the string',
    body: () =>
      signed(sample('record-status', { record_detail: 'DETAIL' })).replace(
        'DETAIL',
        '{\\\\"file_format\\\\":2}',
      ),
  },
  {
    name: '4.12: a subtitle sample with the word bool',
    body: () => signed(sentence({ stead_state: bare('bool') })),
  },
];

/** Documented as signed, but not so in the samples, or not signed at all (1.5). */
const UNSIGNED = [
  'audio-audit',
  'quality-control',
  'eval-threshold',
  'eval-average',
  'summary',
  'highlight',
  'relay',
  'monitor',
] as const;
const TOKEN = 'a-token-that-is-hard-to-guess-0123';

/** The members that a row names. */
const pick = <T extends object>(row: T, ...names: (keyof T)[]) =>
  Object.fromEntries(names.filter((name) => name in row).map((name) => [name, row[name]]));

/** Rows under their full names. */
const named = <T extends { name: string }>(rows: readonly T[]) =>
  rows.map((row) => [row.name, row] as const);

interface Bench {
  readonly host: Host;
  readonly events: LiveEvent[];
  post(body: string, path?: string, headers?: object): Promise<Answer>;
  rows(): Promise<number>;
  latest(): Promise<CallbackDetail>;
}

function bench(host: Host): Bench {
  const audit = host.app.get(LiveCallbackAuditService, { strict: false });
  return {
    host,
    events: host.app.get(EventRecorder).events,
    async post(body, path = '/live-callback', headers = {}) {
      const answer = await host.post(path, { headers: { ...JSON_HEADERS, ...headers }, body });
      await whenListenersDone(host.app);
      return answer;
    },
    async rows() {
      return (await audit.find({ limit: 500 })).items.length;
    },
    async latest() {
      const [row] = (await audit.find({ limit: 1 })).items;
      return (await audit.get(row?.id ?? ''))!;
    },
  };
}

const scratchBench = async (adapter: AdapterName, options: object = {}): Promise<Bench> =>
  bench(await scratchHost({ adapter, options, module: { providers: [EventRecorder] } }));

/** A bench for all tests of a suite. */
function sharedBench(adapter: AdapterName): Bench {
  let database: TestDatabase;
  let at: Bench;

  beforeAll(async () => {
    database = await createSqlite();
    at = bench(
      await startHost({
        adapter,
        database: database.options,
        module: { providers: [EventRecorder] },
      }),
    );
  });

  beforeEach(() => {
    at.events.length = 0;
  });

  afterAll(async () => {
    await at?.host.close();
    await database?.drop();
  });

  return {
    get host() {
      return at.host;
    },
    get events() {
      return at.events;
    },
    post: (...request) => at.post(...request),
    rows: () => at.rows(),
    latest: () => at.latest(),
  };
}

describe.each(ADAPTERS)('on %s, a callback', (adapter) => {
  const at = sharedBench(adapter);

  describe('is refused, and nothing is stored:', () => {
    it.each(named(REFUSALS))('%s', async (_name, { status, headers, body }) => {
      const before = await at.rows();
      expect(await at.post(body(), '/live-callback', headers)).toMatchObject({
        status,
        text: `{"code":${status}}`,
      });
      expect(at.events).toEqual([]);
      expect(await at.rows()).toBe(before);
    });
  });

  describe('1.1: the request', () => {
    it('2.3: ends at the status as well as at the body', async () => {
      const answer = await at.post(signed(push()));
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toEqual({ code: 0 });
      expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/);
    });

    it.each([
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON;charset=UTF-8',
    ])('is a POST of %s', async (type) => {
      expect(
        await at.post(signed(push()), '/live-callback', { 'content-type': type }),
      ).toMatchObject(ACCEPTED);
    });

    it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('is not a %s', async (method) => {
      const body = method === 'GET' ? {} : { body: signed(push()) };
      const response = await fetch(`${at.host.url}/live-callback`, {
        method,
        headers: JSON_HEADERS,
        ...body,
      });
      expect([404, 405]).toContain(response.status);
      await response.text();
    });
  });
});

// What a body means does not depend on who has brought it.
describe('a callback', () => {
  const adapter = 'fastify';
  const at = sharedBench(adapter);

  describe('is taken:', () => {
    it.each(named(TAKEN))('%s', async (_name, quirk) => {
      const { kind, callback, onWire, data = {}, stream = {}, warnings = [] } = quirk;
      const body = onWire?.(signed(callback)) ?? signed(callback);
      expect(await at.post(body)).toMatchObject(ACCEPTED);

      expect(at.events).toHaveLength(1);
      const [event] = at.events as [LiveEvent];
      expect(event).toMatchObject({ kind, stream });
      const view = plain(event.data) as Record<string, unknown>;
      expect(pick(view, ...Object.keys(data))).toEqual(data);

      const stored = await at.latest();
      expect(stored).toMatchObject({ kind, state: 'accepted', body, warnings });
      expect(plain(stored.data)).toEqual(view);
      const { reason } = event.data as { reason?: { id: string } };
      const said = {
        reason: reason?.id ?? null,
        sequence: stored.sequence,
        occurredAt: stored.occurredAt?.toISOString() ?? null,
      };
      expect({ ...said, ...pick(quirk, 'reason', 'sequence', 'occurredAt') }).toEqual(said);
    });
  });

  describe('is kept with the reason and reaches nobody:', () => {
    it.each(named(QUARANTINED))('%s', async (_name, { kind, callback, errors }) => {
      expect(await at.post(signed(callback))).toMatchObject(ACCEPTED);
      expect(at.events).toEqual([]);
      const stored = await at.latest();
      expect(stored).toMatchObject({ kind, state: 'quarantined', data: null });
      expect(stored.errors.toSorted()).toEqual(errors.toSorted());
    });
  });

  describe('that is no JSON is kept as it came, and reaches nobody:', () => {
    it.each(named(UNREADABLE))('%s', async (_name, { body: make }) => {
      const body = make();
      expect(await at.post(body)).toMatchObject(ACCEPTED);
      expect(at.events).toEqual([]);
      expect(await at.latest()).toMatchObject({ state: 'quarantined', body, bodyEncoding: 'utf8' });
    });
  });

  describe('is kept as unknown:', () => {
    it.each(named(UNKNOWN))('%s', async (_name, { callback, eventType }) => {
      expect(await at.post(signed(callback))).toMatchObject(ACCEPTED);
      expect(at.events).toMatchObject([{ kind: 'unknown', data: plain(callback) }]);
      expect(await at.latest()).toMatchObject({ kind: 'unknown', state: 'unknown', eventType });
    });
  });

  describe('retries', () => {
    it.each<[string, CallbackFields, number]>([
      ['2.3: three after a push', push(), 3],
      ['2.2: twelve after a push', push(), 12],
      ['2.2: five after a screenshot', screenshotCallback(), 5],
      ['2.3: five and twelve after an interruption, as one reads it', interruption(), 17],
      [
        '2.2: twelve after an audio audit',
        sample('audio-audit', { request_id: 'twelve-retries' }),
        12,
      ],
      ['2.2: three after subtitles', sentence({ src_txt: 'three retries' }), 3],
      ['2.2: three after erased words', sample('smart-erase', { task_id: 'three-retries' }), 3],
    ])('%s make one event, whether re-stamped or not', async (_name, callback, retries) => {
      for (let attempt = 0; attempt <= retries; attempt++) {
        const t = now() + 600 - (attempt % 3);
        expect(await at.post(signCallback(callback, { key: KEY, t }).body)).toMatchObject(ACCEPTED);
      }
      expect(at.events).toHaveLength(1);
      expect(await at.latest()).toMatchObject({ receiptsCount: retries + 1, conflicting: false });
    });

    it.each([
      [0, [true, true, false, false, false]],
      [120, [true, true, true, false, false]],
      [360, [true, true, true, true, false]],
    ])(
      '2.4: that keep the t of the first attempt come through with a grace of %d s, or not',
      async (expiryGraceSeconds, taken) => {
        const start = 1_800_000_000;
        let clock = start;
        const late = await scratchBench(adapter, {
          expiryGraceSeconds,
          clock: () => clock * 1000,
        });
        const { body } = signCallback(push(), { key: KEY, t: start + 600 });
        const answers: boolean[] = [];
        for (const seconds of [0, 540, 719, 959, 961]) {
          clock = start + seconds;
          answers.push((await late.post(body)).status === 200);
        }
        expect(answers).toEqual(taken);
        expect(late.events).toHaveLength(1);
      },
    );

    it('4.9: are not provoked by a listener that takes its time', async () => {
      let finish = (): void => {};
      const work = new Promise<void>((resolve) => {
        finish = resolve;
      });

      @Injectable()
      class SlowListener {
        @OnLiveEvent('push-error')
        onPushError(): Promise<void> {
          return work;
        }
      }
      const host = await scratchHost({ adapter, module: { providers: [SlowListener] } });
      const answer = await host.post('/live-callback', {
        headers: JSON_HEADERS,
        body: signed(sample('push-error')),
      });
      expect(answer).toMatchObject(ACCEPTED);
      finish();
      await whenListenersDone(host.app);
    });
  });

  describe('the pair', () => {
    it('1.3: may have t as a text', async () => {
      const t = String(now() + 600);
      const body = JSON.stringify({ ...push(), t, sign: signatureOf(KEY, t) });
      expect(await at.post(body)).toMatchObject(ACCEPTED);
      expect(at.events[0]).toMatchObject({ kind: 'stream-push', raw: { t } });
      expect((await at.latest()).warnings).toEqual([]);
    });

    it('1.3: makes the same callback with t as a text and as a number', async () => {
      const t = now() + 600;
      const callback = push();
      await at.post(signCallback(callback, { key: KEY, t }).body);
      const body = JSON.stringify({ ...callback, t: String(t), sign: signatureOf(KEY, t) });
      expect(await at.post(body)).toMatchObject(ACCEPTED);
      expect(at.events).toHaveLength(1);
      expect(await at.latest()).toMatchObject({ receiptsCount: 2 });
    });

    it('5.12: has one sign for one t', async () => {
      const t = now() + 600;
      const sign = signatureOf(KEY, t);
      const answers: number[] = [];
      for (const other of [t - 1, t, t + 1]) {
        const body = JSON.stringify({ ...push(), t: other, sign });
        answers.push((await at.post(body)).status);
      }
      expect(answers).toEqual([401, 200, 401]);
      expect(at.events).toHaveLength(1);
    });

    it('1.5: may be shared by different callbacks', async () => {
      const t = now() + 600;
      for (const callback of [
        push(),
        screenshotCallback(),
        sample('push-error', { sequence: '1' }),
      ]) {
        expect(await at.post(signCallback(callback, { key: KEY, t }).body)).toMatchObject(ACCEPTED);
      }
      expect(at.events).toHaveLength(3);
    });
  });

  describe.each(UNSIGNED)('1.5: the samples of %s have neither t nor sign:', (kind) => {
    const samples = samplesOf(kind);

    it('they are refused as they are', async () => {
      for (const { text } of samples) {
        expect(text).not.toMatch(/"(t|sign)"\s*:/);
        for (const path of [`/live-callback/${kind}`, `/live-callback?token=${TOKEN}`]) {
          expect(await at.post(text, path)).toMatchObject(REFUSED);
        }
      }
      expect(at.events).toEqual([]);
    });

    it('they are taken behind a token where the host says so, typed and byte for byte', async () => {
      const open = await scratchBench(adapter, { urlToken: TOKEN, unsigned: [kind] });
      for (const { file: name, text } of samples) {
        const { data, ...expected } = DOCUMENTED_VIEWS[name]!;
        expect(await open.post(text, `/live-callback/${kind}?token=${TOKEN}`)).toMatchObject(
          ACCEPTED,
        );
        expect(plain(open.events.at(-1))).toMatchObject({ kind, data, stream: expected.stream });
        const stored = await open.latest();
        expect(plain(stored)).toMatchObject({ kind, state: 'accepted', data, ...expected });
        expect(stored.body).toBe(text);
      }
      expect(open.events).toHaveLength(samples.length);
    });

    it('and not without the token, with half a pair, or with a wrong one', async () => {
      const open = await scratchBench(adapter, { urlToken: TOKEN, unsigned: [kind] });
      const { text } = samples[0]!;
      const path = `/live-callback/${kind}`;
      const behind = `${path}?token=${TOKEN}`;
      const t = now() + 600;
      expect(await open.post(text, path)).toMatchObject(REFUSED);
      expect(await open.post(text, `${path}?token=${TOKEN}x`)).toMatchObject(REFUSED);
      expect(await open.post(text.replace('{', `{"t":${t},`), behind)).toMatchObject(REFUSED);
      expect(
        await open.post(text.replace('{', `{"sign":"${signatureOf(KEY, t)}",`), behind),
      ).toMatchObject(REFUSED);
      expect(await open.post(resign(text, 'AnotherKey', t), behind)).toMatchObject(REFUSED);
      expect(await open.rows()).toBe(0);
      expect(await open.post(resign(text, KEY, t), behind)).toMatchObject(ACCEPTED);
    });

    it('and no other kind with it', async () => {
      const open = await scratchBench(adapter, { urlToken: TOKEN, unsigned: [kind] });
      const others = UNSIGNED.filter((other) => other !== kind).flatMap(samplesOf);
      for (const body of [...others.map(({ text }) => text), JSON.stringify(push())]) {
        expect(await open.post(body, `/live-callback/${kind}?token=${TOKEN}`)).toMatchObject(
          REFUSED,
        );
      }
      expect(await open.rows()).toBe(0);
    });
  });

  describe('events that resemble each other', () => {
    it('4.10: two exits of a task at different times are two events, neither of them final', async () => {
      for (const event_time of ['1712893433', '1712893499']) {
        await at.post(signed(taskExit({ task_id: 'exits', event_time })));
      }
      await at.post(signed(taskStart({ task_id: 'exits', event_time: '1712893500' })));
      expect(at.events.map(({ conflicting }) => conflicting)).toEqual([false, false, false]);
      expect(
        at.events.map(({ data }) => (data as { callback_event: string }).callback_event),
      ).toEqual(['TaskExit', 'TaskExit', 'TaskStart']);
    });

    it('4.10: exits of two tasks without ids are told apart by the rest', async () => {
      for (const to_url of ['rtmp://a/live/1', 'rtmp://b/live/2']) {
        await at.post(signed(taskExit({ to_url, msg: '{"code":-5}' })));
      }
      expect(at.events.map(({ conflicting }) => conflicting)).toEqual([false, false]);
    });

    it('4.15: a threshold and an average of one moment are two events', async () => {
      await at.post(signed(sample('eval-threshold', { stream_id: 'moment' })));
      await at.post(signed(sample('eval-average', { stream_id: 'moment' })));
      expect(at.events.map(({ kind, conflicting }) => [kind, conflicting])).toEqual([
        ['eval-threshold', false],
        ['eval-average', false],
      ]);
    });

    it('2.5: a push and its interruption share sequence and come in any order', async () => {
      const started = push();
      const sequence = started['sequence'] as string;
      await at.post(signed(interruption({ sequence })));
      await at.post(signed(started));
      expect(at.events.map(({ kind, conflicting }) => [kind, conflicting])).toEqual([
        ['stream-interrupt', false],
        ['stream-push', false],
      ]);
    });
  });
});
