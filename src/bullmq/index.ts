// The module
export {
  LiveCallbackBullModule,
  type LiveCallbackBullModuleAsyncOptions,
  type LiveCallbackBullModuleOptions,
} from './live-callback-bull.module.js';
export type {
  LiveCallbackBullExtras,
  LiveCallbackBullOptions,
} from './live-callback-bull.options.js';
export { LiveCallbackBullError } from './live-callback-bull.error.js';

// What a job of the queue carries, for dashboards
export type { DeliveryJobData } from './delivery.job.js';
