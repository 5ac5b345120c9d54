export * from './callback-builders.js';
export * from './live-event.js';
export * from './sign-callback.js';
export * from './when-listeners-done.js';
