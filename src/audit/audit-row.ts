import type { StreamIdentity } from '../events/index.js';
import type {
  DeliveryState,
  LiveCallback,
  LiveCallbackRejection,
  StoredCallbackState,
} from './entities/index.js';

/** A stored callback, as questions about many answer it. */
export interface CallbackRow {
  readonly id: string;
  readonly kind: string;
  readonly eventType: number | null;
  readonly state: StoredCallbackState;
  readonly stream: StreamIdentity;
  readonly sequence: string | null;
  readonly occurredAt: Date | null;
  readonly receivedAt: Date;
  /** Another body with the same identity was stored before this one. */
  readonly variant: boolean;
  /** How often CSS delivered it. */
  readonly deliveriesCount: number;
}

/** Where one listener stands with a callback. */
export interface DeliveryRow {
  readonly listener: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly nextAttemptAt: Date | null;
}

/** A stored callback with all that is known about it. */
export interface CallbackDetail extends CallbackRow {
  /** Exactly as received, `sign` included; null once it was purged. */
  readonly body: string | null;
  /** When the body was purged, and with it errors, remarks and remote address. */
  readonly bodyPurgedAt: Date | null;
  /** The typed view; the JSON itself for an unknown kind; null for one that does not fit its DTO. */
  readonly data: object | null;
  /** Why a quarantined callback does not fit its DTO. */
  readonly errors: readonly string[];
  /** Oddities that did not prevent acceptance. */
  readonly remarks: readonly string[];
  readonly remoteAddress: string | null;
  readonly deliveries: readonly DeliveryRow[];
  /** Who closed it unhandled the last time, and why. */
  readonly discard: CallbackDiscard | null;
}

/** Why a callback was closed unhandled. */
export interface CallbackDiscard {
  readonly at: Date;
  readonly reason: string;
  readonly actor: string;
}

/** Refused requests of one minute that share reason and address. */
export type RejectionItem = Pick<
  LiveCallbackRejection,
  'reason' | 'count' | 'remoteAddress' | 'excerpt' | 'firstAt' | 'lastAt'
>;

/** A delivery that will be run again. */
export interface ReplayedDelivery {
  readonly callbackId: string;
  readonly listener: string;
  /** Number of the attempt that comes next. */
  readonly attempt: number;
}

/** What a second look came to. */
export interface RequeueSummary {
  /** Callbacks that fit now and were delivered. */
  readonly accepted: number;
  /** Callbacks that stay as they were. */
  readonly kept: number;
}

/** How many callbacks of a kind and state were received in a bucket. */
export interface StatsItem {
  /** Beginning of the bucket. */
  readonly bucket: Date;
  readonly kind: string;
  readonly state: StoredCallbackState;
  readonly count: number;
}

/** The columns of {@link CallbackRow}: everything but the large ones. */
export const ROW_PROPERTIES = [
  'id',
  'kind',
  'eventType',
  'state',
  'appId',
  'domain',
  'path',
  'streamName',
  'sequence',
  'occurredAt',
  'receivedAt',
  'variant',
  'deliveriesCount',
] as const satisfies readonly (keyof LiveCallback)[];

/** Shapes an entity into a row. */
export function toRow(callback: Pick<LiveCallback, (typeof ROW_PROPERTIES)[number]>): CallbackRow {
  const { appId, domain, path, streamName, ...rest } = callback;
  return {
    id: rest.id,
    kind: rest.kind,
    eventType: rest.eventType,
    state: rest.state,
    stream: { appId, domain, path, name: streamName },
    sequence: rest.sequence,
    occurredAt: rest.occurredAt,
    receivedAt: rest.receivedAt,
    variant: rest.variant,
    deliveriesCount: rest.deliveriesCount,
  };
}
