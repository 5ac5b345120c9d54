import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

/** Options of `LiveCallbackTelemetryModule`. */
export interface LiveCallbackTelemetryOptions {
  /** Where metrics go. Default: the provider that the SDK has registered before the application starts. */
  meterProvider?: MeterProvider;
  /** Where spans go. Default: the provider that the SDK registers. */
  tracerProvider?: TracerProvider;
}
