import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
} from './live-callback-telemetry.module-definition.js';
import type { LiveCallbackTelemetryOptions } from './live-callback-telemetry.options.js';
import { TelemetryLifecycle } from './telemetry.lifecycle.js';

/** Options of {@link LiveCallbackTelemetryModule.registerAsync}. */
export type LiveCallbackTelemetryModuleAsyncOptions = Parameters<
  typeof ConfigurableModuleClass.registerAsync
>[0];

/**
 * Metrics and spans of all registrations of the application, by OpenTelemetry. Free where no SDK is: without
 * one nothing is measured.
 *
 * Global, though it exports nothing: Nest stops global modules last, and what is delivered while the
 * application stops is to be counted too.
 *
 * @example
 * ```ts
 * imports: [LiveCallbackModule.forRoot({ keys: '…' }), LiveCallbackTelemetryModule.register({})],
 * ```
 * @publicApi
 */
@Global()
@Module({})
export class LiveCallbackTelemetryModule extends ConfigurableModuleClass {
  /** The application does not start where LiveCallbackModule is not imported: LiveCallbackTelemetryError. */
  static override register(options: LiveCallbackTelemetryOptions = {}): DynamicModule {
    return compose(super.register(options));
  }

  /** @see register */
  static override registerAsync(options: LiveCallbackTelemetryModuleAsyncOptions): DynamicModule {
    return compose(super.registerAsync(options));
  }
}

function compose(definition: DynamicModule): DynamicModule {
  return {
    ...definition,
    providers: [
      ...(definition.providers ?? []),
      {
        provide: TelemetryLifecycle,
        inject: [ModuleRef, MODULE_OPTIONS_TOKEN],
        useFactory: (modules: ModuleRef, options: LiveCallbackTelemetryOptions) =>
          new TelemetryLifecycle(modules, options),
      },
    ],
  };
}
