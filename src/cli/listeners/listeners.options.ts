import type { AuditOptions } from '../audit/audit.options.js';

/** Options of `pause` and `resume`. */
export interface ListenerChangeOptions extends AuditOptions {
  readonly reason: string;
  readonly actor?: string;
}
