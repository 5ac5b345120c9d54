import { defineEvent, type EventDefinition, type SenderRetry } from './event-definition.js';
import { ImageAuditController } from './image-audit/image-audit.controller.js';
import { ImageAuditDto } from './image-audit/image-audit.dto.js';
import { RecordFileController } from './record-file/record-file.controller.js';
import { RecordFileDto } from './record-file/record-file.dto.js';
import { ScreenshotController } from './screenshot/screenshot.controller.js';
import { ScreenshotDto } from './screenshot/screenshot.dto.js';
import { StreamInterruptController } from './stream-interrupt/stream-interrupt.controller.js';
import { StreamInterruptDto } from './stream-interrupt/stream-interrupt.dto.js';
import type { StreamStateDto } from './stream-state.dto.js';
import { StreamPushController } from './stream-push/stream-push.controller.js';
import { StreamPushDto } from './stream-push/stream-push.dto.js';

const EVERY_MINUTE: SenderRetry = { retries: 12, intervalSeconds: 60 };
const EVERY_TWO_MINUTES: SenderRetry = { retries: 5, intervalSeconds: 120 };

// `sequence` is shared by the push and its interruption, so `event_type` belongs to the identity.
const pushIdentity = (data: StreamStateDto) => [
  data.event_type,
  data.app,
  data.appname,
  data.stream_id,
  data.sequence,
];

/** The callbacks that CSS sends, one line each. */
export const EVENT_DEFINITIONS: readonly EventDefinition[] = [
  defineEvent({
    kind: 'stream-push',
    eventType: 1,
    dto: StreamPushDto,
    controller: StreamPushController,
    consoleName: 'Push Callback (推流)',
    notifyUrlField: 'StreamBeginNotifyUrl',
    signed: true,
    retry: EVERY_MINUTE,
    occurredAt: (data) => data.event_time * 1000,
    identity: pushIdentity,
  }),
  defineEvent({
    kind: 'stream-interrupt',
    eventType: 0,
    dto: StreamInterruptDto,
    controller: StreamInterruptController,
    consoleName: 'Interruption Callback (断流)',
    notifyUrlField: 'StreamEndNotifyUrl',
    signed: true,
    retry: EVERY_MINUTE,
    occurredAt: (data) => data.event_time * 1000,
    identity: pushIdentity,
  }),
  defineEvent({
    kind: 'record-file',
    eventType: 100,
    dto: RecordFileDto,
    controller: RecordFileController,
    consoleName: 'Recording Callback (录制)',
    notifyUrlField: 'RecordNotifyUrl',
    signed: true,
    retry: EVERY_MINUTE,
    occurredAt: (data) => data.end_time * 1000,
    identity: (data) => [data.record_file_id || data.file_id],
  }),
  defineEvent({
    kind: 'screenshot',
    eventType: 200,
    dto: ScreenshotDto,
    controller: ScreenshotController,
    consoleName: 'Screencapture Callback (截图)',
    notifyUrlField: 'SnapshotNotifyUrl',
    signed: true,
    retry: EVERY_TWO_MINUTES,
    occurredAt: (data) => data.create_time * 1000,
    identity: (data) => [data.stream_id, data.pic_url],
  }),
  defineEvent({
    kind: 'image-audit',
    eventType: 317,
    dto: ImageAuditDto,
    controller: ImageAuditController,
    consoleName: 'Image Moderation Callback (鉴黄)',
    notifyUrlField: 'PornCensorshipNotifyUrl',
    signed: true,
    retry: EVERY_MINUTE,
    occurredAt: (data) => data.screenshotTime * 1000,
    identity: (data) => [data.streamId, data.screenshotTime, data.img],
  }),
];

/** Kind of an authentic callback whose `event_type` is in no catalog. */
export const UNKNOWN_KIND = 'unknown';

/** Finds definitions by what a callback or a listener names. */
export class EventCatalog {
  private readonly byKind: ReadonlyMap<string, EventDefinition>;
  private readonly byType: ReadonlyMap<number, EventDefinition>;

  constructor(readonly definitions: readonly EventDefinition[] = EVENT_DEFINITIONS) {
    this.byKind = new Map(definitions.map((definition) => [definition.kind, definition]));
    this.byType = new Map(definitions.map((definition) => [definition.eventType, definition]));
  }

  /** The definition of a kind, if there is one. */
  ofKind(kind: string): EventDefinition | undefined {
    return this.byKind.get(kind);
  }

  /** The definition of an `event_type`; old and drifted bodies write the number as text. */
  ofType(eventType: unknown): EventDefinition | undefined {
    if (typeof eventType === 'string' && /^\d{1,9}$/.test(eventType)) eventType = Number(eventType);
    return typeof eventType === 'number' ? this.byType.get(eventType) : undefined;
  }

  /** Kinds that a listener may name. */
  get kinds(): readonly string[] {
    return [...this.byKind.keys(), UNKNOWN_KIND];
  }
}
