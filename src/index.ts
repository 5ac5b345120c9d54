// The module
export {
  LiveCallbackModule,
  type LiveCallbackModuleAsyncOptions,
  type LiveCallbackModuleOptions,
  type LiveCallbackWorkerOptions,
} from './module/live-callback.module.js';
export type {
  AuditApiOptions,
  AuditRight,
  BoundCallbackKey,
  CallbackKey,
  CallbackKeyQuery,
  CallbackKeyResolver,
  LiveCallbackModuleExtras,
  LiveCallbackOptions,
  LiveCallbackRole,
  SpoolOptions,
  LiveCallbackOptionsFactory,
} from './options/live-callback.options.js';

// Listening: events and the bus
// With `*`, because only then can hosts merge their own kinds into the interface.
export * from './events/live-event-map.js';
export type {
  KindOf,
  LiveEvent,
  AnyLiveEvent,
  LiveEventKind,
  LiveEventPattern,
  LiveEventOrigin,
  LiveEventReplay,
} from './events/live-event.js';
export type { StreamIdentity } from './events/stream-identity.js';
export type {
  EndReason,
  EvidenceSource,
  SessionEventData,
  SessionEventKind,
  PushState,
  SessionState,
  SessionSummary,
} from './events/session-event.js';
export { OnLiveEvent } from './delivery/listeners/on-live-event.decorator.js';
export type {
  CircuitBreakerOptions,
  OnLiveEventOptions,
} from './delivery/listeners/listener.options.js';
export type { LiveEventContext } from './delivery/listeners/live-event.context.js';
export { LiveEventBus, type LiveEventHandler } from './delivery/live-event.bus.js';

// What arrives: a DTO per kind, and what it is made of
export * from './events/kinds/stream-push/stream-push.dto.js';
export * from './events/kinds/stream-interrupt/stream-interrupt.dto.js';
export * from './events/kinds/record-file/record-file.dto.js';
export * from './events/kinds/record-status/record-status.dto.js';
export * from './events/kinds/record-exception/record-exception.dto.js';
export * from './events/kinds/screenshot/screenshot.dto.js';
export * from './events/kinds/image-audit/image-audit.dto.js';
export * from './events/kinds/audio-audit/audio-audit.dto.js';
export * from './events/kinds/push-error/push-error.dto.js';
export * from './events/kinds/relay/relay.dto.js';
export * from './events/kinds/monitor/monitor.dto.js';
export * from './events/kinds/subtitles/subtitles.dto.js';
export * from './events/kinds/quality-control/quality-control.dto.js';
export * from './events/kinds/eval-threshold/eval-threshold.dto.js';
export * from './events/kinds/eval-average/eval-average.dto.js';
export * from './events/kinds/smart-erase/smart-erase.dto.js';
export * from './events/kinds/summary/summary.dto.js';
export * from './events/kinds/highlight/highlight.dto.js';
export * from './events/kinds/audio-audit/audio-audit-result.dto.js';
export * from './events/kinds/image-audit/image-audit-result.dto.js';
export { QualityFrame } from './events/dto/quality.dto.js';
export { CallbackDto } from './events/dto/callback.dto.js';
export { JsonText } from './events/payload/json-text.js';
export type { JsonObject, JsonValue } from './events/payload/payload.js';
export { defineLiveEvent, type CustomLiveEvent } from './events/custom-event.js';

// Meaning, not numbers: tables in English and Chinese, with lookups
export type { Meaning } from './events/meaning.js';
export * from './events/kinds/stream-interrupt/interrupt-reasons.js';
export * from './events/kinds/push-error/push-error-types.js';
export * from './events/kinds/record-exception/record-exception-types.js';
export * from './events/kinds/record-status/record-events.js';
export * from './events/kinds/relay/relay-alarms.js';

// What is kept: entities, migrations, questions
export {
  LIVE_CALLBACK_ENTITIES,
  LiveAlert,
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
  LiveListener,
  LivePush,
  LiveReconciliation,
  LiveSession,
  LiveSessionLock,
  type CallbackOrigin,
  type DeliveryState,
  type StoredCallbackState,
} from './storage/entities/index.js';
export { LIVE_CALLBACK_MIGRATIONS } from './storage/migrations/index.js';
export type { DiscardReason } from './operations/callback.discarder.js';
export type {
  ErasureReceipt,
  ErasureRequest,
  ErasureSummary,
} from './operations/erasure/callback.erasure.js';
export type { PurgeRequest, PurgeSummary } from './operations/retention/callback.purger.js';
export type { ReplayReason } from './operations/callback.replayer.js';
export type { RetentionOptions, RetentionPolicy } from './options/retention.options.js';
export {
  LiveCallbackAuditService,
  type RequeueFilter,
} from './operations/live-callback-audit.service.js';
export {
  LiveCallbackHealth,
  type LiveCallbackHealthReport,
} from './operations/health/live-callback.health.js';
export type { ReconciliationStanding } from './operations/health/reconciliation.query.js';
export {
  LiveCallbackHealthIndicator,
  type LiveCallbackHealthResult,
} from './operations/health/live-callback.health-indicator.js';
export {
  LiveCallbackListeners,
  type ListenerBreaker,
  type ListenerChange,
  type ListenerReason,
  type ListenerState,
} from './operations/listeners/live-callback.listeners.js';
export {
  LiveCallbackOverview,
  type ListenerOverview,
  type ListenersOverview,
} from './operations/overview/live-callback.overview.js';
export type { RecentMinute } from './operations/overview/delivery.queries.js';
export type { RefusalGroup } from './operations/overview/refusal.query.js';
export {
  LiveCallbackDeadLetters,
  type DeadLetterReason,
  type DeadLetterStep,
} from './operations/dead-letters/live-callback.dead-letters.js';
export type {
  DeadLetterFilter,
  DeadLetterGroup,
} from './operations/dead-letters/dead-letter.query.js';
export type {
  CallbackFilter,
  Page,
  PageRequest,
  StatsBucket,
  StatsRequest,
} from './operations/audit-query.js';
export type {
  CallbackDetail,
  CallbackDiscard,
  CallbackReveal,
  CallbackRow,
  DeliveryReplay,
  DeliveryRow,
  RejectionItem,
  ReplayedDelivery,
  RequeueSummary,
  StatsItem,
} from './operations/audit-row.js';
export type { CallbackState } from './events/event-interpreter.js';

// Who is live
export { LiveSessions, type SessionDetail } from './sessions/live-sessions.service.js';
export type { RebuildRequest, RebuildStep } from './sessions/session.rebuilder.js';
export type { LiveFilter, SessionFilter } from './sessions/session.query.js';
export type { SessionTotals } from './sessions/session.totals.js';
export type { PushView } from './sessions/session.view.js';
export type { SessionOptions, SessionWindow } from './options/session.options.js';

// Signals for metrics and alarms
export {
  onLiveCallbackSignal,
  type AlertName,
  type LiveCallbackSignal,
  type LiveCallbackSignals,
} from './common/signals.js';

// Verifying elsewhere: on own controllers, and without HTTP
export { CallbackSignatureGuard } from './receiving/verification/callback-signature.guard.js';
export { CallbackVerifier } from './receiving/verification/callback.verifier.js';
export { parsePayload, type Payload } from './events/payload/payload.js';

// What goes wrong: one family, told apart by codes (docs/errors.md)
export { LiveCallbackError } from './common/live-callback.error.js';
export { LiveCallbackOptionsError } from './options/option.error.js';
export { LiveCallbackVersionError } from './module/version.error.js';
export { HttpAdapterError } from './receiving/http/http-adapter.error.js';
export {
  StorageSetupError,
  AuditBusyError,
  StorageUnavailableError,
  type StorageUnavailableReason,
} from './storage/storage.error.js';
export { DigestForbiddenError } from './receiving/verification/digest.check.js';
export { KindError } from './events/kind.error.js';
export { ClockError } from './operations/health/clock.error.js';
export { PayloadError, type PayloadErrorReason } from './events/payload/payload.error.js';
export { CallbackRefusedError, type RefusalReason } from './receiving/refusals/refusal.js';
export { ListenerError } from './delivery/listeners/listener.error.js';
export { NonRetryableError } from './delivery/listeners/non-retryable.error.js';
export { ListenerTimeoutError } from './delivery/listeners/listener.runner.js';
export { LeaseLostError } from './storage/delivery.lease.js';
export { AuditRequestError } from './operations/audit-request.error.js';
export { SessionsOffError } from './sessions/sessions-off.error.js';
export { BodyPurgedError } from './operations/body-purged.error.js';
