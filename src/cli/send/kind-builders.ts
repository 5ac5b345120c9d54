import type { EVENT_DEFINITIONS } from '../../events/event-definitions.js';
import * as callbacks from '../../testing/callback-builders.js';
import type { CallbackFields } from '../../testing/callback-fields.js';
import * as services from '../../testing/service-callback-builders.js';

type Builder = (fields?: CallbackFields) => CallbackFields;

/** Makes a body of each kind. */
const BUILDERS = {
  'stream-push': callbacks.streamPushCallback,
  'stream-interrupt': callbacks.streamInterruptCallback,
  'record-file': callbacks.recordFileCallback,
  'record-status': services.recordStatusCallback,
  'record-exception': services.recordExceptionCallback,
  screenshot: callbacks.screenshotCallback,
  'image-audit': callbacks.imageAuditCallback,
  'audio-audit': services.audioAuditCallback,
  'push-error': services.pushErrorCallback,
  relay: services.relayCallback,
  monitor: services.monitorCallback,
  subtitles: services.subtitlesCallback,
  'quality-control': services.qualityControlCallback,
  'eval-threshold': services.evalThresholdCallback,
  'eval-average': services.evalAverageCallback,
  'smart-erase': services.smartEraseCallback,
  summary: services.summaryCallback,
  highlight: services.highlightCallback,
} as const satisfies Record<(typeof EVENT_DEFINITIONS)[number]['kind'], Builder>;

/** Kinds that CSS sends. */
export const SENT_KINDS: readonly string[] = Object.keys(BUILDERS);

/** The builder of a kind; undefined for a kind that CSS does not send. */
export function builderOf(kind: string): Builder | undefined {
  return Object.hasOwn(BUILDERS, kind) ? BUILDERS[kind as keyof typeof BUILDERS] : undefined;
}
