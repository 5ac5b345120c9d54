// The emulated CSS
export { CssEmulator } from './css.emulator.js';
export type { CssEmulatorOptions } from './css-emulator.options.js';
export { EmulatorError } from './emulator.error.js';

// What happens on it
export type { PushStreamOptions } from './push-stream.options.js';
export type { PushedStream } from './pushed.stream.js';
export type { ScreenshotOptions } from './screenshot.task.js';
export type { Recording, RecordingOptions } from './recording.js';
export type { RecordFormat } from './payloads/recording.payloads.js';
export type { PushErrorFacts } from './payloads/push.payloads.js';
export type { ServiceKind } from './payloads/service.payloads.js';
export type { RelayOptions, RelayTask } from './relay.task.js';

// Where callbacks go
export type { CallbackTarget, TemplateDirectory } from './template-directory.js';
export { fixedTarget, type FixedTargetOptions } from './fixed.target.js';

// How they are sent
export type { CallbackOutcome, SentCallback } from './outgoing.callback.js';
export {
  RETRY_PROFILES,
  retryRuleOf,
  shortenProfile,
  type RetryProfile,
  type RetryProfileName,
  type RetryRule,
} from './retry-profile.js';
export type { NetworkOptions } from './faults/random.network.js';
export { FAULT_NAMES, type FaultName, type FaultOptions } from './faults/fault.book.js';

// When
export {
  SystemClock,
  VirtualClock,
  type EmulatorClock,
  type VirtualClockOptions,
} from './emulator.clock.js';

// What has happened
export type { CallbackAttempt, EmulatedSession, StreamHistory } from './stream.history.js';
export type { StreamControl } from './stream.control.js';

// The API side: templates and rules as the cloud keeps them
export * from './api/index.js';
