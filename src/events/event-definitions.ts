import { AudioAuditController } from './audio-audit/audio-audit.controller.js';
import { AudioAuditDto } from './audio-audit/audio-audit.dto.js';
import { EvalAverageController } from './eval-average/eval-average.controller.js';
import { EvalAverageDto } from './eval-average/eval-average.dto.js';
import { EvalThresholdController } from './eval-threshold/eval-threshold.controller.js';
import { EvalThresholdDto } from './eval-threshold/eval-threshold.dto.js';
import { HighlightController } from './highlight/highlight.controller.js';
import { HighlightDto } from './highlight/highlight.dto.js';
import { ImageAuditController } from './image-audit/image-audit.controller.js';
import { ImageAuditDto } from './image-audit/image-audit.dto.js';
import { MonitorController } from './monitor/monitor.controller.js';
import { MonitorDto } from './monitor/monitor.dto.js';
import { PushErrorController } from './push-error/push-error.controller.js';
import { PushErrorDto } from './push-error/push-error.dto.js';
import { QualityControlController } from './quality-control/quality-control.controller.js';
import { QualityControlDto } from './quality-control/quality-control.dto.js';
import { RecordExceptionController } from './record-exception/record-exception.controller.js';
import { RecordExceptionDto } from './record-exception/record-exception.dto.js';
import { RecordFileController } from './record-file/record-file.controller.js';
import { RecordFileDto } from './record-file/record-file.dto.js';
import { RecordStatusController } from './record-status/record-status.controller.js';
import { RecordStatusDto } from './record-status/record-status.dto.js';
import { RelayController } from './relay/relay.controller.js';
import { RelayDto } from './relay/relay.dto.js';
import { ScreenshotController } from './screenshot/screenshot.controller.js';
import { ScreenshotDto } from './screenshot/screenshot.dto.js';
import { SmartEraseController } from './smart-erase/smart-erase.controller.js';
import { SmartEraseDto } from './smart-erase/smart-erase.dto.js';
import { StreamInterruptController } from './stream-interrupt/stream-interrupt.controller.js';
import { StreamInterruptDto } from './stream-interrupt/stream-interrupt.dto.js';
import { StreamPushController } from './stream-push/stream-push.controller.js';
import { StreamPushDto } from './stream-push/stream-push.dto.js';
import { SubtitlesController } from './subtitles/subtitles.controller.js';
import { SubtitlesDto } from './subtitles/subtitles.dto.js';
import { SummaryController } from './summary/summary.controller.js';
import { SummaryDto } from './summary/summary.dto.js';
import { eventTypeOf } from './event-type.js';
import { defineEvent, type EventDefinition, type SenderRetry } from './event-definition.js';
import type { QualityDto } from './quality.dto.js';
import type { StreamStateDto } from './stream-state.dto.js';

const EVERY_MINUTE: SenderRetry = { retries: 12, intervalSeconds: 60 };
const EVERY_TWO_MINUTES: SenderRetry = { retries: 5, intervalSeconds: 120 };
const THREE_TIMES: SenderRetry = { retries: 3 };

// `sequence` is shared by the push and its interruption, so `event_type` belongs to the identity.
const pushIdentity = (data: StreamStateDto) => [
  data.event_type,
  data.app,
  data.appname,
  data.stream_id,
  data.sequence,
];

const qualityIdentity = (data: QualityDto) => [
  data.domain,
  data.appname,
  data.stream_id,
  data.transcode_template_id,
  data.watermark_template_id,
  data.class,
  data.event_time,
];

// No identity is documented. Without a task id all that is left tells tasks apart.
const relayIdentity = (data: RelayDto) =>
  data.task_id ? [data.task_id, data.callback_event, data.event_time, data.msg?.text] : [data];

/** Seconds to milliseconds, where there are any. */
const firstTime = (seconds: number | undefined) =>
  seconds === undefined ? undefined : seconds * 1000;

/** The callbacks that CSS sends, one entry each. */
export const EVENT_DEFINITIONS = [
  defineEvent({
    kind: 'stream-push',
    eventType: 1,
    dto: StreamPushDto,
    controller: StreamPushController,
    consoleName: 'Push (推流)',
    notifyUrlField: 'StreamBeginNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ event_time }) => event_time * 1000,
    identity: pushIdentity,
  }),
  defineEvent({
    kind: 'stream-interrupt',
    eventType: 0,
    dto: StreamInterruptDto,
    controller: StreamInterruptController,
    consoleName: 'Interruption (断流)',
    notifyUrlField: 'StreamEndNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ event_time }) => event_time * 1000,
    identity: pushIdentity,
  }),
  defineEvent({
    kind: 'record-file',
    eventType: 100,
    dto: RecordFileDto,
    controller: RecordFileController,
    consoleName: 'Recording (录制)',
    notifyUrlField: 'RecordNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ end_time }) => end_time * 1000,
    identity: (data) => [data.record_file_id || data.file_id],
  }),
  defineEvent({
    kind: 'record-status',
    eventType: 332,
    dto: RecordStatusDto,
    controller: RecordStatusController,
    consoleName: 'Recording status (录制状态)',
    notifyUrlField: 'RecordStatusNotifyUrl',
    occurredAt: ({ event_time }) => event_time * 1000,
    identity: (data) => [data.session_id, data.seq ?? [data.record_event, data.event_time]],
  }),
  defineEvent({
    kind: 'record-exception',
    eventType: 341,
    dto: RecordExceptionDto,
    controller: RecordExceptionController,
    consoleName: 'Recording exception (录制异常)',
    notifyUrlField: 'RecordExceptionNotifyUrl',
    occurredAt: ({ timestamp }) => timestamp * 1000,
    identity: (data) => [data.session_id, data.file_format, data.exception.type, data.timestamp],
  }),
  defineEvent({
    kind: 'screenshot',
    eventType: 200,
    dto: ScreenshotDto,
    controller: ScreenshotController,
    consoleName: 'Screencapture (截图)',
    notifyUrlField: 'SnapshotNotifyUrl',
    retry: EVERY_TWO_MINUTES,
    occurredAt: ({ create_time }) => create_time * 1000,
    identity: (data) => [data.stream_id, data.pic_url],
  }),
  defineEvent({
    kind: 'image-audit',
    eventType: 317,
    dto: ImageAuditDto,
    controller: ImageAuditController,
    consoleName: 'Image moderation (鉴黄)',
    notifyUrlField: 'PornCensorshipNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ screenshotTime }) => screenshotTime * 1000,
    identity: (data) => [data.streamId, data.screenshotTime, data.img],
  }),
  defineEvent({
    kind: 'audio-audit',
    eventType: 315,
    dto: AudioAuditDto,
    controller: AudioAuditController,
    consoleName: 'Audio moderation (音频审核)',
    notifyUrlField: 'AudioAuditNotifyUrl',
    retry: EVERY_MINUTE,
    occurredAt: ({ data }) => firstTime(data?.asr_tmp_full_results[0]?.create_time),
    identity: (data) => (data.request_id ? [data.request_id] : [data.task_id, data.seq]),
  }),
  defineEvent({
    kind: 'push-error',
    eventType: 321,
    dto: PushErrorDto,
    controller: PushErrorController,
    consoleName: 'Push error (推流异常)',
    notifyUrlField: 'PushExceptionNotifyUrl',
    occurredAt: ({ data_time }) => data_time,
    identity: (data) => [data.stream_id, data.sequence, data.data_time],
  }),
  defineEvent({
    kind: 'relay',
    eventType: 314,
    dto: RelayDto,
    controller: RelayController,
    consoleName: 'Relay task (拉流转推): CallbackUrl of the task',
    signed: false,
    occurredAt: ({ event_time }) => firstTime(event_time),
    identity: relayIdentity,
  }),
  defineEvent({
    kind: 'monitor',
    eventType: 328,
    dto: MonitorDto,
    controller: MonitorController,
    consoleName: 'Live monitoring (监播)',
    signed: false,
    occurredAt: ({ event_time }) => event_time,
    identity: (data) => [data.stream_id, data.event_name, data.event_time],
  }),
  defineEvent({
    kind: 'subtitles',
    eventType: 338,
    dto: SubtitlesDto,
    controller: SubtitlesController,
    consoleName: 'Live subtitles (智能字幕)',
    retry: THREE_TIMES,
    occurredAt: ({ data }) => firstTime(data.subtitle_tmp_res[0]?.start_unix_time),
    identity: (data) => [
      data.task_id,
      data.data.subtitle_tmp_res.map((it) => [
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
    controller: QualityControlController,
    consoleName: 'Quality control (质量监控)',
    occurredAt: ({ event_time }) => event_time * 1000,
    identity: (data) => [...qualityIdentity(data), data.score],
  }),
  defineEvent({
    kind: 'eval-threshold',
    eventType: 344,
    dto: EvalThresholdDto,
    controller: EvalThresholdController,
    consoleName: 'Evaluation below threshold (评测低于阈值)',
    occurredAt: ({ event_time }) => event_time * 1000,
    identity: qualityIdentity,
  }),
  defineEvent({
    kind: 'eval-average',
    eventType: 345,
    dto: EvalAverageDto,
    controller: EvalAverageController,
    consoleName: 'Evaluation average (评测均值)',
    claims: ({ event_type, average_score }) =>
      eventTypeOf(event_type) === 344 && average_score !== undefined,
    occurredAt: ({ event_time }) => event_time * 1000,
    identity: qualityIdentity,
  }),
  defineEvent({
    kind: 'smart-erase',
    eventType: 347,
    dto: SmartEraseDto,
    controller: SmartEraseController,
    consoleName: 'Smart erasing (智能擦除)',
    retry: THREE_TIMES,
    occurredAt: ({ data }) => firstTime(data.subtitle_tmp_res[0]?.start_unix_time),
    identity: (data) => [
      data.task_id,
      data.data.subtitle_tmp_res.map((it) => [it.start_pts, it.end_pts]),
    ],
  }),
  defineEvent({
    kind: 'summary',
    eventType: 348,
    dto: SummaryDto,
    controller: SummaryController,
    consoleName: 'Live summary (直播摘要)',
    occurredAt: ({ end_time }) => end_time * 1000,
    identity: (data) => [data.domain, data.path, data.stream_id, data.begin_time, data.end_time],
  }),
  defineEvent({
    kind: 'highlight',
    eventType: 349,
    dto: HighlightDto,
    controller: HighlightController,
    consoleName: 'Smart highlight (智能集锦)',
    occurredAt: ({ items }) => firstTime(items.at(-1)?.end_time),
    identity: (data) => data.items.map((it) => it.video_store_url),
  }),
] as const satisfies readonly EventDefinition[];
