// The module
export {
  LiveCallbackTelemetryModule,
  type LiveCallbackTelemetryModuleAsyncOptions,
} from './live-callback-telemetry.module.js';
export type { LiveCallbackTelemetryOptions } from './live-callback-telemetry.options.js';
export { LiveCallbackTelemetryError } from './live-callback-telemetry.error.js';
