import type { CallbackFilter, PageRequest } from '../../operations/audit-query.js';

/** Where the audit log is, and how to answer. */
export interface AuditOptions {
  readonly url?: string;
  readonly plainHttp?: boolean;
  readonly json?: boolean;
}

/** Options of `list`. */
export interface ListOptions extends AuditOptions, CallbackFilter, PageRequest {
  readonly all?: boolean;
}

/** Options of `rejections`. */
export interface RejectionsOptions extends AuditOptions, PageRequest {}

/** Options of `replay`. */
export interface ReplayOptions extends AuditOptions, CallbackFilter {
  readonly reason: string;
  readonly actor?: string;
  readonly listener?: readonly string[];
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

/** Options of `export`. */
export interface ExportOptions extends CallbackFilter {
  readonly output?: string;
  readonly exact?: boolean;
}

/** Options of `purge`. */
export interface PurgeOptions {
  readonly bodyDays?: number;
  readonly rowDays?: number;
  readonly rejectionDays?: number;
  readonly unreviewedDays?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Options of `erase`. */
export interface EraseOptions extends AuditOptions {
  readonly userIp?: string;
  readonly stream?: string;
  readonly reason: string;
  readonly actor?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}
