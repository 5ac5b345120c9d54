export * from './callback-builders.js';
export type { CallbackFields } from './callback-fields.js';
export * from './live-event.js';
export * from './service-callback-builders.js';
export * from './session-summary.js';
export * from './sign-callback.js';
export * from './unfit-callback.error.js';
export * from './when-listeners-done.js';
