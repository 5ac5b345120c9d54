import type { AuditOptions } from '../audit/audit.options.js';
import type { PageRequest } from '../../operations/audit-query.js';
import type { SessionFilter } from '../../sessions/session.query.js';

/** Options of `list`. */
export interface SessionListOptions extends AuditOptions, SessionFilter, PageRequest {}

/** Options of `rebuild`. */
export interface SessionRebuildOptions extends AuditOptions {
  readonly from?: Date;
  readonly to?: Date;
  readonly emit?: boolean;
}
