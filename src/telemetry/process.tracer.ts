import type { Span, TracerProvider } from '@opentelemetry/api';

import { errorText } from '../common/error-text.js';
import type { RunTrace, RunTracer } from '../delivery/listeners/run.tracing.js';
import type { LiveEvent } from '../events/live-event.js';
import { INSTRUMENTATION } from './instruments.js';
import {
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from './optional-packages.js';
import { fromTraceparent } from './span-context.text.js';

/**
 * A span for each run of a listener, by the conventions of messaging. It is linked to that of the request and
 * not a child of it, which may have ended hours before; and it names no stream, because what is erased from
 * the tables would stay in the traces.
 */
export class ProcessTracer implements RunTracer {
  constructor(private readonly given: TracerProvider | undefined) {}

  begin(listener: string, { id, kind, attempt, traceparent }: LiveEvent): RunTrace | null {
    // Asked for each run, because an SDK may be registered later, and by another copy of the API (an
    // ESM host has one beside that of CommonJS).
    const provider = this.given ?? trace.getTracerProvider();
    if (!isHeard(provider)) return null;
    const request = fromTraceparent(traceparent);
    const span = provider.getTracer(INSTRUMENTATION).startSpan(
      `process ${kind}`,
      {
        kind: SpanKind.CONSUMER,
        root: true,
        links: request ? [{ context: request }] : [],
        attributes: {
          'messaging.system': 'live_callback',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': kind,
          'messaging.consumer.group.name': listener,
          'messaging.message.id': id,
          'cloudevents.event_id': id,
          'live_callback.attempt': attempt,
        },
      },
      ROOT_CONTEXT,
    );
    return new ProcessTrace(span);
  }
}

/** Before an SDK is registered nobody hears of a span. */
function isHeard(provider: TracerProvider): boolean {
  const isProxy = provider instanceof ProxyTracerProvider;
  return !isProxy || provider.getDelegateTracer(INSTRUMENTATION) !== undefined;
}

class ProcessTrace implements RunTrace {
  constructor(private readonly span: Span) {}

  within<R>(work: () => R): R {
    return context.with(trace.setSpan(ROOT_CONTEXT, this.span), work);
  }

  succeeded(): void {
    this.span.end();
  }

  failed(error: unknown): void {
    const message = errorText(error);
    const name = error instanceof Error ? error.name : typeof error;
    this.span.setAttribute('error.type', name);
    this.span.recordException({ name, message });
    this.span.setStatus({ code: SpanStatusCode.ERROR, message });
    this.span.end();
  }
}
