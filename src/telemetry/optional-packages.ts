import { requireOptional } from '../common/require-optional.js';
import { LiveCallbackTelemetryError } from './live-callback-telemetry.error.js';

/** Types alone are imported from the package itself. */
export const {
  context,
  createNoopMeter,
  isSpanContextValid,
  metrics,
  propagation,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} = requireOptional(
  '@opentelemetry/api',
  (cause) =>
    new LiveCallbackTelemetryError(
      'nestjs-live-callback/telemetry needs the package @opentelemetry/api, which is not installed: npm install @opentelemetry/api',
      { cause },
    ),
) as typeof import('@opentelemetry/api');
