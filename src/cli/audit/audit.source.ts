import type { CallbackFilter, Page, PageRequest } from '../../operations/audit-query.js';
import type { SessionSummary } from '../../events/session-event.js';
import type { SessionDetail } from '../../sessions/live-sessions.service.js';
import type {
  ListenerReason,
  ListenerState,
} from '../../operations/listeners/live-callback.listeners.js';
import type { ListenersOverview } from '../../operations/overview/live-callback.overview.js';
import type { ErasureRequest, ErasureSummary } from '../../operations/erasure/callback.erasure.js';
import type { SessionFilter } from '../../sessions/session.query.js';
import type {
  CallbackDetail,
  CallbackRow,
  RejectionItem,
  ReplayedDelivery,
} from '../../operations/audit-row.js';

/** What comes over HTTP has its times as texts. */
export type OverJson<T> = T extends Date
  ? Date | string
  : T extends object
    ? { [K in keyof T]: OverJson<T[K]> }
    : T;

/** A row as either way gives it. */
export type AuditRow = OverJson<CallbackRow>;

/** Why something is replayed, and for whom. */
export interface ReplayRequest {
  readonly reason: string;
  readonly actor: string;
  /** Default: those that had it and do not wait for it now. */
  readonly listeners?: readonly string[];
}

/** The audit log, over its HTTP API or in the database. */
export interface AuditSource {
  find(request: CallbackFilter & PageRequest): Promise<Page<AuditRow>>;
  iterate(filter: CallbackFilter): AsyncIterable<AuditRow>;
  /** Null when there is none. */
  get(id: string): Promise<OverJson<CallbackDetail> | null>;
  rejections(request: PageRequest): Promise<Page<OverJson<RejectionItem>>>;
  replay(id: string, why: ReplayRequest): Promise<readonly ReplayedDelivery[]>;
  erase(request: ErasureRequest): Promise<ErasureSummary>;
  sessions(filter: SessionFilter, page: PageRequest): Promise<Page<OverJson<SessionSummary>>>;
  /** Null when there is none. */
  session(id: string): Promise<OverJson<SessionDetail> | null>;
  listeners(): Promise<OverJson<ListenersOverview>>;
  changeListener(
    verb: 'pause' | 'resume',
    listener: string,
    why: ListenerReason,
  ): Promise<OverJson<ListenerState>>;
  close(): Promise<void>;
}
