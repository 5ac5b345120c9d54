import { LiveCallbackDelivery } from './live-callback-delivery.entity.js';
import { LiveCallbackRejection } from './live-callback-rejection.entity.js';
import { LiveCallback } from './live-callback.entity.js';

export * from './live-callback-delivery.entity.js';
export * from './live-callback-rejection.entity.js';
export * from './live-callback.entity.js';

/** The entities of the audit tables, for the `entities` list of the host's DataSource. */
export const LIVE_CALLBACK_ENTITIES = [
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
] as const;
