import { CreateLiveCallback1764000000000 } from './create-live-callback.migration.js';
import { CreateLiveReconciliation1764000000002 } from './create-live-reconciliation.migration.js';
import { CreateLiveSessions1764000000001 } from './create-live-sessions.migration.js';

/**
 * The migrations of the module's tables, for hosts that run migrations themselves
 * (`runMigrations: false`). Expand-only: nodes of the earlier version go on working.
 */
export const LIVE_CALLBACK_MIGRATIONS = [
  CreateLiveCallback1764000000000,
  CreateLiveSessions1764000000001,
  CreateLiveReconciliation1764000000002,
] as const;
