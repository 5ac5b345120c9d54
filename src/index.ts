// The module
export {
  LiveCallbackModule,
  type LiveCallbackModuleAsyncOptions,
  type LiveCallbackModuleOptions,
} from './live-callback.module.js';
export type {
  AuditApiOptions,
  BoundCallbackKey,
  CallbackKey,
  CallbackKeyQuery,
  CallbackKeyResolver,
  LiveCallbackModuleExtras,
  LiveCallbackOptions,
  LiveCallbackOptionsFactory,
} from './live-callback.options.js';
export { LiveCallbackOptionsError } from './live-callback.config.js';

// Listening: events and the bus
export type {
  KindOf,
  LiveEvent,
  LiveEventKind,
  LiveEventMap,
  LiveEventPattern,
} from './events/live-event.js';
export type { StreamIdentity } from './events/stream-identity.js';
export { OnLiveEvent, type OnLiveEventOptions } from './bus/on-live-event.decorator.js';
export { LiveEventBus, type LiveEventHandler } from './bus/live-event.bus.js';
export { ListenerError } from './bus/listener.error.js';

// What arrives: a DTO per kind
export { StreamPushDto } from './events/stream-push/stream-push.dto.js';
export { StreamInterruptDto } from './events/stream-interrupt/stream-interrupt.dto.js';
export { RecordFileDto } from './events/record-file/record-file.dto.js';
export { ScreenshotDto } from './events/screenshot/screenshot.dto.js';
export { ImageAuditDto } from './events/image-audit/image-audit.dto.js';
export {
  ImageAuditDetail,
  ImageAuditLocation,
  ImageAuditResult,
} from './events/image-audit/image-audit-result.dto.js';
export { CallbackDto } from './events/callback.dto.js';
export { JsonText } from './events/json-text.js';
export type { JsonObject, JsonValue } from './events/payload.js';

// What is kept: entities, migrations, questions
export {
  LIVE_CALLBACK_ENTITIES,
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
  type DeliveryState,
} from './audit/entities/index.js';
export { LIVE_CALLBACK_MIGRATIONS } from './audit/migrations/index.js';
export { LiveCallbackAuditService } from './audit/live-callback-audit.service.js';
export { LiveCallbackHealth } from './audit/live-callback.health.js';
export type {
  CallbackFilter,
  Page,
  PageRequest,
  StatsBucket,
  StatsRequest,
} from './audit/audit-query.js';
export type {
  CallbackDetail,
  CallbackRow,
  DeliveryRow,
  RejectionItem,
  StatsItem,
} from './audit/audit-row.js';
export type { CallbackState } from './events/event-interpreter.js';
export { StorageSetupError } from './audit/storage.error.js';

// Verifying elsewhere: on own controllers, and without HTTP
export { CallbackSignatureGuard } from './reception/callback-signature.guard.js';
export { CallbackVerifier } from './reception/callback.verifier.js';
export { CallbackRefusedError, type RefusalReason } from './reception/refusal.js';
export {
  parsePayload,
  PayloadError,
  type Payload,
  type PayloadErrorReason,
} from './events/payload.js';
