import type { SpanContext } from '@opentelemetry/api';

import { isSpanContextValid } from './optional-packages.js';

/** A span as the `traceparent` of W3C Trace Context says it; null for none. */
export function toTraceparent(span: SpanContext | undefined): string | null {
  if (!span || !isSpanContextValid(span)) return null;
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}

/** The span that a `traceparent` names; null for one that is none. */
export function fromTraceparent(text: string | null): SpanContext | null {
  const found = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text ?? '');
  if (!found) return null;
  const [, traceId = '', spanId = '', flags = ''] = found;
  const span = { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(span) ? span : null;
}
