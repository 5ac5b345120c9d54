import { CreateLiveCallback1764000000000 } from './create-live-callback.migration.js';

/**
 * The migrations of the audit tables, for hosts that run migrations themselves
 * (`runMigrations: false`). Expand-only: nodes of the earlier version go on working.
 */
export const LIVE_CALLBACK_MIGRATIONS = [CreateLiveCallback1764000000000] as const;
