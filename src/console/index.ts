export { LiveCallbackConsoleModule } from './live-callback-console.module.js';
export type { ConsoleTemplates } from './console.templates.js';
export type { LiveCallbackConsoleOptions } from './live-callback-console.options.js';
export { LiveCallbackConsoleError } from './live-callback-console.error.js';
