import type { LiveEventOrigin } from '../events/live-event.js';
import type { BodyEncoding } from '../events/payload/kept-body.js';
import type { StreamIdentity } from '../events/stream-identity.js';
import type {
  DeliveryState,
  LiveCallbackRejection,
  StoredCallbackState,
} from '../storage/entities/index.js';

/** A stored callback, as questions about many answer it. */
export interface CallbackRow {
  readonly id: string;
  readonly kind: string;
  readonly eventType: number | null;
  readonly state: StoredCallbackState;
  /** Who says so. */
  readonly origin: LiveEventOrigin;
  readonly stream: StreamIdentity;
  readonly sequence: string | null;
  readonly occurredAt: Date | null;
  readonly receivedAt: Date;
  /** Another body with the same identity was stored before this one. */
  readonly conflicting: boolean;
  /** How often CSS delivered it. */
  readonly receiptsCount: number;
}

/** Where one listener stands with a callback. */
export interface DeliveryRow {
  readonly listener: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly nextAttemptAt: Date | null;
  /** How long the latest attempt took, ms. */
  readonly durationMs: number | null;
  /** When it ceased to be pending. */
  readonly finishedAt: Date | null;
  /** Who had it replayed the last time, and why. */
  readonly replay: DeliveryReplay | null;
}

/** That a delivery was opened again. */
export interface DeliveryReplay {
  readonly at: Date;
  readonly reason: string;
  readonly actor: string;
  /** Attempts that were made before. */
  readonly attemptsBefore: number;
}

/** A stored callback with all that is known about it. */
export interface CallbackDetail extends CallbackRow {
  /** Exactly as received, `sign` included; null once it was purged. */
  readonly body: string | null;
  /** `base64` for a body that no text holds; otherwise it stands there as text. */
  readonly bodyEncoding: BodyEncoding;
  /** When the body was purged, and with it errors, warnings and remote address. */
  readonly bodyPurgedAt: Date | null;
  /** The typed view; the JSON itself for an unknown kind; null for one that does not fit its DTO. */
  readonly data: object | null;
  /** Why a quarantined callback does not fit its DTO. */
  readonly errors: readonly string[];
  /** Oddities that did not prevent acceptance. */
  readonly warnings: readonly string[];
  readonly remoteAddress: string | null;
  readonly deliveries: readonly DeliveryRow[];
  /** Who closed it unhandled the last time, and why. */
  readonly discard: CallbackDiscard | null;
  /** To whom the body was shown with its secrets the last time, and how often that was. */
  readonly reveal: CallbackReveal | null;
  /** At whose request the body went, at `bodyPurgedAt`; null where it was its age. */
  readonly erased: CallbackErased | null;
}

/** Why a body was erased before its time. */
export interface CallbackErased {
  readonly reason: string;
  readonly actor: string;
}

/** That a body was shown with its secrets. */
export interface CallbackReveal {
  readonly at: Date;
  readonly actor: string;
  readonly count: number;
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
