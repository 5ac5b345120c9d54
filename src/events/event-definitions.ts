import { AudioAuditDto } from './kinds/audio-audit/audio-audit.dto.js';
import { EvalAverageDto } from './kinds/eval-average/eval-average.dto.js';
import { EvalThresholdDto } from './kinds/eval-threshold/eval-threshold.dto.js';
import { HighlightDto } from './kinds/highlight/highlight.dto.js';
import { ImageAuditDto } from './kinds/image-audit/image-audit.dto.js';
import { MonitorDto } from './kinds/monitor/monitor.dto.js';
import { PushErrorDto } from './kinds/push-error/push-error.dto.js';
import { QualityControlDto } from './kinds/quality-control/quality-control.dto.js';
import { RecordExceptionDto } from './kinds/record-exception/record-exception.dto.js';
import { RecordFileDto } from './kinds/record-file/record-file.dto.js';
import { RecordStatusDto } from './kinds/record-status/record-status.dto.js';
import { RelayDto } from './kinds/relay/relay.dto.js';
import { ScreenshotDto } from './kinds/screenshot/screenshot.dto.js';
import { SmartEraseDto } from './kinds/smart-erase/smart-erase.dto.js';
import { StreamInterruptDto } from './kinds/stream-interrupt/stream-interrupt.dto.js';
import { StreamPushDto } from './kinds/stream-push/stream-push.dto.js';
import { SubtitlesDto } from './kinds/subtitles/subtitles.dto.js';
import { SummaryDto } from './kinds/summary/summary.dto.js';
import { eventTypeOf } from './event-type.js';
import { defineEvent, type EventDefinition, type SenderRetry } from './event-definition.js';
import type { QualityDto } from './dto/quality.dto.js';
import type { StreamStateDto } from './dto/stream-state.dto.js';

const EVERY_MINUTE: SenderRetry = { retries: 12, intervalSeconds: 60 };
const EVERY_TWO_MINUTES: SenderRetry = { retries: 5, intervalSeconds: 120 };
const THREE_TIMES: SenderRetry = { retries: 3 };

// `sequence` is shared by the push and its interruption, so `event_type` belongs to the identity.
const pushIdentity = (data: StreamStateDto) => [
  data.stream_id,
  data.app,
  data.appname,
  data.event_type,
  data.sequence,
];

const qualityIdentity = (data: QualityDto) => [
  data.stream_id,
  data.domain,
  data.appname,
  orNone(data.transcode_template_id),
  orNone(data.watermark_template_id),
  data.class,
  data.event_time,
];

/** What the documents let be absent says something by its absence. */
const orNone = (value: string | number | undefined) => value ?? 'none';

/** Seconds to milliseconds, where there are any. */
const milliseconds = (seconds: number | undefined) =>
  seconds === undefined ? undefined : seconds * 1000;

/** The callbacks that CSS sends, one entry each, in the order of docs/protocol.md, 4.1 onwards. */
export const EVENT_DEFINITIONS = [
  defineEvent({
    kind: 'stream-push',
    eventType: 1,
    dto: StreamPushDto,
    consoleName: 'Push (推流)',
    notifyUrlField: 'StreamBeginNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ event_time }) => milliseconds(event_time),
    identity: pushIdentity,
  }),
  defineEvent({
    kind: 'stream-interrupt',
    eventType: 0,
    dto: StreamInterruptDto,
    consoleName: 'Interruption (断流)',
    notifyUrlField: 'StreamEndNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ event_time }) => milliseconds(event_time),
    identity: pushIdentity,
  }),
  defineEvent({
    kind: 'record-file',
    eventType: 100,
    dto: RecordFileDto,
    consoleName: 'Recording (录制)',
    notifyUrlField: 'RecordNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ end_time }) => milliseconds(end_time),
    identity: (data) => [data.record_file_id || data.file_id],
  }),
  defineEvent({
    kind: 'record-status',
    eventType: 332,
    dto: RecordStatusDto,
    consoleName: 'Recording status (录制状态)',
    notifyUrlField: 'RecordStatusNotifyUrl',
    occurredAt: ({ event_time }) => milliseconds(event_time),
    identity: (data) =>
      data.seq
        ? [data.session_id, data.seq]
        : [data.session_id, data.record_event, data.event_time],
  }),
  defineEvent({
    kind: 'record-exception',
    eventType: 341,
    dto: RecordExceptionDto,
    consoleName: 'Recording exception (录制异常)',
    notifyUrlField: 'RecordExceptionNotifyUrl',
    occurredAt: ({ timestamp }) => milliseconds(timestamp),
    identity: (data) => [data.session_id, data.file_format, data.exception?.type, data.timestamp],
  }),
  defineEvent({
    kind: 'screenshot',
    eventType: 200,
    dto: ScreenshotDto,
    consoleName: 'Screencapture (截图)',
    notifyUrlField: 'SnapshotNotifyUrl',
    retry: EVERY_TWO_MINUTES,
    occurredAt: ({ create_time }) => milliseconds(create_time),
    // The host may have given the pictures of a stream one fixed name.
    identity: (data) => [data.stream_id, data.pic_url, data.create_time],
  }),
  defineEvent({
    kind: 'image-audit',
    eventType: 317,
    dto: ImageAuditDto,
    consoleName: 'Image moderation (画面审核)',
    notifyUrlField: 'PornCensorshipNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ screenshotTime }) => milliseconds(screenshotTime),
    identity: (data) => [data.streamId, data.screenshotTime, data.img],
  }),
  defineEvent({
    kind: 'audio-audit',
    eventType: 315,
    dto: AudioAuditDto,
    consoleName: 'Audio moderation (音频审核)',
    notifyUrlField: 'AudioAuditNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ data }) => milliseconds(data?.asr_tmp_full_results?.[0]?.create_time),
    identity: (data) => (data.request_id ? [data.request_id] : [data.task_id, data.seq]),
  }),
  defineEvent({
    kind: 'push-error',
    eventType: 321,
    dto: PushErrorDto,
    consoleName: 'Push error (推流异常)',
    notifyUrlField: 'PushExceptionNotifyUrl',
    occurredAt: ({ data_time }) => data_time,
    identity: (data) => [data.stream_id, data.sequence, data.data_time],
  }),
  defineEvent({
    kind: 'relay',
    eventType: 314,
    dto: RelayDto,
    consoleName: 'Relay task (拉流转推): CallbackUrl of the task',
    signed: false,
    occurredAt: ({ event_time }) => milliseconds(event_time),
    identity: (data) => [
      data.task_id,
      data.callback_event,
      orNone(data.event_time),
      orNone(data.msg?.text),
    ],
  }),
  defineEvent({
    kind: 'monitor',
    eventType: 328,
    dto: MonitorDto,
    consoleName: 'Live monitoring (监播)',
    signed: false,
    occurredAt: ({ event_time }) => event_time,
    identity: (data) => [data.stream_id, data.event_name, data.event_time],
  }),
  defineEvent({
    kind: 'subtitles',
    eventType: 338,
    dto: SubtitlesDto,
    consoleName: 'Live subtitles (字幕&同传)',
    retry: THREE_TIMES,
    occurredAt: ({ data }) => milliseconds(data?.subtitle_tmp_res?.[0]?.start_unix_time),
    identity: (data) => [
      data.task_id,
      data.data?.subtitle_tmp_res?.map((it) => [
        it.start_pts,
        it.end_pts,
        it.steady_state,
        it.src_txt,
      ]),
    ],
  }),
  defineEvent({
    kind: 'quality-control',
    eventType: 343,
    dto: QualityControlDto,
    consoleName: 'Quality control (质检)',
    occurredAt: ({ event_time }) => milliseconds(event_time),
    identity: (data) => [...qualityIdentity(data), orNone(data.score)],
  }),
  defineEvent({
    kind: 'eval-threshold',
    eventType: 344,
    dto: EvalThresholdDto,
    consoleName: 'Evaluation threshold (评测阈值)',
    occurredAt: ({ event_time }) => milliseconds(event_time),
    identity: qualityIdentity,
  }),
  defineEvent({
    kind: 'eval-average',
    eventType: 345,
    dto: EvalAverageDto,
    consoleName: 'Evaluation average (评测平均分)',
    claims: ({ event_type, average_score }) =>
      eventTypeOf(event_type) === 344 && average_score !== undefined,
    occurredAt: ({ event_time }) => milliseconds(event_time),
    identity: qualityIdentity,
  }),
  defineEvent({
    kind: 'smart-erase',
    eventType: 347,
    dto: SmartEraseDto,
    consoleName: 'Smart erasing (音画擦除)',
    retry: THREE_TIMES,
    occurredAt: ({ data }) => milliseconds(data?.subtitle_tmp_res?.[0]?.start_unix_time),
    identity: (data) => [
      data.task_id,
      data.data?.subtitle_tmp_res?.map((it) => [it.start_pts, it.end_pts]),
    ],
  }),
  defineEvent({
    kind: 'summary',
    eventType: 348,
    dto: SummaryDto,
    consoleName: 'Live summary (直播摘要)',
    occurredAt: ({ end_time }) => milliseconds(end_time),
    identity: (data) => [data.stream_id, data.domain, data.path, data.begin_time, data.end_time],
  }),
  defineEvent({
    kind: 'highlight',
    eventType: 349,
    dto: HighlightDto,
    consoleName: 'Smart highlight (高光切片)',
    occurredAt: ({ items }) => milliseconds(items?.at(-1)?.end_time),
    identity: (data) => data.items?.map((it) => it.video_store_url),
  }),
] as const satisfies readonly EventDefinition[];
