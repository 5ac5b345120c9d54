// The module
export {
  LiveCallbackModule,
  type LiveCallbackModuleAsyncOptions,
  type LiveCallbackModuleOptions,
  type LiveCallbackWorkerOptions,
} from './live-callback.module.js';
export type {
  AuditApiOptions,
  BoundCallbackKey,
  CallbackKey,
  CallbackKeyQuery,
  CallbackKeyResolver,
  LiveCallbackModuleExtras,
  LiveCallbackOptions,
  LiveCallbackRole,
  SpoolOptions,
  LiveCallbackOptionsFactory,
} from './live-callback.options.js';
export { LiveCallbackOptionsError } from './config/option.error.js';

// Listening: events and the bus
// With `*`, because only then can hosts merge their own kinds into the interface.
export * from './events/live-event-map.js';
export type {
  KindOf,
  LiveEvent,
  LiveEventKind,
  LiveEventPattern,
  LiveEventReplay,
} from './events/live-event.js';
export type { StreamIdentity } from './events/stream-identity.js';
export { OnLiveEvent } from './bus/on-live-event.decorator.js';
export type { OnLiveEventOptions } from './bus/listener.options.js';
export type { LiveEventContext } from './bus/live-event.context.js';
export { NonRetryableError } from './bus/non-retryable.error.js';
export { ListenerTimeoutError } from './bus/listener.runner.js';
export { LiveEventBus, type LiveEventHandler } from './bus/live-event.bus.js';
export { ListenerError } from './bus/listener.error.js';

// What arrives: a DTO per kind, and what it is made of
export * from './events/stream-push/stream-push.dto.js';
export * from './events/stream-interrupt/stream-interrupt.dto.js';
export * from './events/record-file/record-file.dto.js';
export * from './events/record-status/record-status.dto.js';
export * from './events/record-exception/record-exception.dto.js';
export * from './events/screenshot/screenshot.dto.js';
export * from './events/image-audit/image-audit.dto.js';
export * from './events/audio-audit/audio-audit.dto.js';
export * from './events/push-error/push-error.dto.js';
export * from './events/relay/relay.dto.js';
export * from './events/monitor/monitor.dto.js';
export * from './events/subtitles/subtitles.dto.js';
export * from './events/quality-control/quality-control.dto.js';
export * from './events/eval-threshold/eval-threshold.dto.js';
export * from './events/eval-average/eval-average.dto.js';
export * from './events/smart-erase/smart-erase.dto.js';
export * from './events/summary/summary.dto.js';
export * from './events/highlight/highlight.dto.js';
export * from './events/audio-audit/audio-audit-result.dto.js';
export * from './events/image-audit/image-audit-result.dto.js';
export { QualityFrame } from './events/quality.dto.js';
export { CallbackDto } from './events/callback.dto.js';
export { JsonText } from './events/json-text.js';
export type { JsonObject, JsonValue } from './events/payload.js';
export { defineLiveEvent, type CustomLiveEvent } from './events/custom-event.js';

// Meaning, not numbers: tables in English and Chinese, with lookups
export type { Meaning } from './events/meaning.js';
export * from './events/stream-interrupt/interrupt-reasons.js';
export * from './events/push-error/push-error-types.js';
export * from './events/record-exception/record-exception-types.js';
export * from './events/record-status/record-events.js';
export * from './events/relay/relay-alarms.js';

// What is kept: entities, migrations, questions
export {
  LIVE_CALLBACK_ENTITIES,
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
  type DeliveryState,
  type StoredCallbackState,
} from './audit/entities/index.js';
export { LIVE_CALLBACK_MIGRATIONS } from './audit/migrations/index.js';
export type { DiscardReason } from './audit/callback.discarder.js';
export type { PurgeRequest, PurgeSummary } from './audit/callback.purger.js';
export type { ReplayReason } from './audit/callback.replayer.js';
export type { RetentionOptions, RetentionPolicy } from './audit/retention.options.js';
export {
  LiveCallbackAuditService,
  type RequeueFilter,
} from './audit/live-callback-audit.service.js';
export { LiveCallbackHealth, type LiveCallbackHealthReport } from './audit/live-callback.health.js';
export type {
  CallbackFilter,
  Page,
  PageRequest,
  StatsBucket,
  StatsRequest,
} from './audit/audit-query.js';
export type {
  CallbackDetail,
  CallbackDiscard,
  CallbackRow,
  DeliveryRow,
  RejectionItem,
  ReplayedDelivery,
  RequeueSummary,
  StatsItem,
} from './audit/audit-row.js';
export type { CallbackState } from './events/event-interpreter.js';
export { StorageSetupError } from './audit/storage.error.js';

// Signals for metrics and alarms
export {
  onLiveCallbackSignal,
  type LiveCallbackSignal,
  type LiveCallbackSignals,
} from './live-callback.signals.js';

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
