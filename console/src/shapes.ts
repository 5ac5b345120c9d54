import type {
  CallbackDetail as Detail,
  CallbackRow as Row,
  DeliveryRow as Delivery,
  StatsItem as Stats,
} from '../../src/operations/audit-row.js';
import type { DeadLetterGroup as Group } from '../../src/operations/dead-letters/dead-letter.query.js';
import type { LiveCallbackHealthReport } from '../../src/operations/health/live-callback.health.js';
import type {
  ListenerOverview as Listener,
  ListenersOverview as Listeners,
} from '../../src/operations/overview/live-callback.overview.js';
import type { SessionSummary as Summary } from '../../src/events/session-event.js';
import type { SessionDetail as Session } from '../../src/sessions/live-sessions.service.js';
import type {
  ComparisonOverview as Comparison,
  ComparisonResult as Compared,
} from '../../src/sessions/session.comparison.js';
import type { PushView as Push } from '../../src/sessions/session.view.js';
import type {
  DeclaredTemplateView,
  TemplatesView as Templates,
} from '../../src/cloud/provisioning/templates.view.js';
import type { StreamDelivery as StreamDeliveryRow } from '../../src/operations/overview/stream-deliveries.query.js';
import type { RefusalGroup as Refusal } from '../../src/operations/overview/refusal.query.js';

/** What arrives of a value as JSON. */
type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: Json<T[Name]> }
      : T;

export type CallbackRow = Json<Row>;
export type CallbackDetail = Json<Omit<Detail, 'data'>> & { readonly data: unknown };
export type DeliveryRow = Json<Delivery>;
export type StreamDelivery = Json<StreamDeliveryRow>;
export type StatsItem = Json<Stats>;
export type DeadLetterGroup = Json<Group>;
export type ListenerOverview = Json<Listener>;
export type ListenersOverview = Json<Listeners>;
export type RefusalGroup = Json<Refusal>;

export type SessionSummary = Json<Summary>;
export type SessionDetail = Json<Session>;
export type PushView = Json<Push>;

export type ComparisonOverview = Json<Comparison>;
export type ComparisonResult = Json<Compared>;

export type TemplatesView = Json<Templates>;
export type TemplateView = Json<DeclaredTemplateView>;
export type PlanStep = NonNullable<TemplatesView['compared']>['plan']['steps'][number];

/** A page of a list, or all of a short one. */
export interface Items<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | null;
}

/** What whoever asks may do, and how the process is. */
export interface Standing {
  readonly registration: string;
  readonly rights: readonly string[];
  readonly hasSessions: boolean;
  readonly hasTemplates: boolean;
  readonly hasReconciliation: boolean;
  readonly health: Json<LiveCallbackHealthReport>;
}
