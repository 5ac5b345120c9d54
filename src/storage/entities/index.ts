import { LiveAlert } from './live-alert.entity.js';
import { LiveCallbackDelivery } from './live-callback-delivery.entity.js';
import { LiveCallbackRejection } from './live-callback-rejection.entity.js';
import { LiveCallback } from './live-callback.entity.js';
import { LiveListener } from './live-listener.entity.js';
import { LivePush } from './live-push.entity.js';
import { LiveReconciliation } from './live-reconciliation.entity.js';
import { LiveSessionLock } from './live-session-lock.entity.js';
import { LiveSession } from './live-session.entity.js';

export * from './live-alert.entity.js';
export * from './live-callback-delivery.entity.js';
export * from './live-callback-rejection.entity.js';
export * from './live-callback.entity.js';
export * from './live-listener.entity.js';
export * from './live-push.entity.js';
export * from './live-reconciliation.entity.js';
export * from './live-session-lock.entity.js';
export * from './live-session.entity.js';

/** The entities of the module's tables, for the `entities` list of the host's DataSource. */
export const LIVE_CALLBACK_ENTITIES = [
  LiveAlert,
  LiveCallback,
  LiveCallbackDelivery,
  LiveCallbackRejection,
  LiveListener,
  LivePush,
  LiveReconciliation,
  LiveSession,
  LiveSessionLock,
] as const;
