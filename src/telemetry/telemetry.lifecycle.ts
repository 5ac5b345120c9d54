import type { OnApplicationShutdown, OnModuleInit, Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

import { RunTracing } from '../delivery/listeners/run.tracing.js';
import { LiveCallbackHealth } from '../operations/health/live-callback.health.js';
import { RequestTracing } from '../receiving/request.tracing.js';
import { LiveSessions } from '../sessions/live-sessions.service.js';
import { observeHealth } from './health.gauges.js';
import { LiveCallbackTelemetryError } from './live-callback-telemetry.error.js';
import type { LiveCallbackTelemetryOptions } from './live-callback-telemetry.options.js';
import { metrics } from './optional-packages.js';
import { ProcessTracer } from './process.tracer.js';
import { traceparentOf } from './request.trace.js';
import { observeSessions } from './session.gauges.js';
import { countSignals } from './signal.metrics.js';

/** Begins to measure before the first callback, and ends after the last delivery. */
export class TelemetryLifecycle implements OnModuleInit, OnApplicationShutdown {
  private readonly ends: (() => void)[] = [];

  constructor(
    private readonly modules: ModuleRef,
    private readonly options: LiveCallbackTelemetryOptions,
  ) {}

  /** @throws LiveCallbackTelemetryError when there is nothing to measure */
  onModuleInit(): void {
    const meters = this.options.meterProvider ?? metrics.getMeterProvider();
    const registrations = this.all(LiveCallbackHealth);
    this.ends.push(
      countSignals(meters),
      observeHealth(meters, registrations),
      observeSessions(meters, this.all(LiveSessions)),
    );
    const tracer = new ProcessTracer(this.options.tracerProvider);
    for (const requests of this.all(RequestTracing)) requests.use(traceparentOf);
    for (const runs of this.all(RunTracing)) runs.use(tracer);
  }

  onApplicationShutdown(): void {
    for (const end of this.ends.splice(0)) end();
  }

  /** The providers of all registrations. */
  private all<T>(provider: Type<T>): T[] {
    try {
      return this.modules.get(provider, { strict: false, each: true });
    } catch (cause) {
      throw new LiveCallbackTelemetryError(
        'LiveCallbackTelemetryModule measures LiveCallbackModule, which is not imported: add LiveCallbackModule.forRoot({ … }) to the imports.',
        { cause },
      );
    }
  }
}
