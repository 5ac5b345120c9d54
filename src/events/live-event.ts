import type { LiveEventMap } from './live-event-map.js';
import type { JsonObject } from './payload/payload.js';
import type { SessionEventKind, SessionEventMap } from './session-event.js';
import type { StreamIdentity } from './stream-identity.js';

/** Name of a kind of event that CSS sends, or that nobody knows. */
export type LiveEventKind = keyof LiveEventMap;

/** What a listener may name: a kind, `'*'` for all that CSS sends, or what tells of sessions. */
export type LiveEventPattern = LiveEventKind | SessionEventKind | '*';

/** The kinds that a pattern stands for. */
export type KindOf<P extends LiveEventPattern> = P extends '*' ? LiveEventKind : P;

/**
 * Where an event comes from: CSS sent it, its callback records say that it did, it tells of a session, or it was
 * made of what a list of the cloud says (docs/reconciliation.md).
 */
export type LiveEventOrigin = 'callback' | 'callback-record' | 'session' | ReconciledOrigin;

/** Lists of the cloud of which events are made, where no callback came. */
export type ReconciledOrigin = 'event-list' | 'backup-list' | 'online-list';

/** Who asked for an event to be handled again, and why. */
export interface LiveEventReplay {
  readonly at: Date;
  readonly reason: string;
  readonly actor: string;
}

/** One stored event, as listeners get it. A union over the kinds, told apart by `kind`. */
export type LiveEvent<K extends LiveEventKind | SessionEventKind = LiveEventKind> = {
  [P in K]: {
    /** Id of the row in `live_callback`: a time-ordered UUID. */
    readonly id: string;
    /** Name of the registration that received it. */
    readonly registration: string;
    readonly origin: LiveEventOrigin;
    readonly kind: P;
    readonly stream: StreamIdentity;
    /** When it happened, as the sender says; null when it does not. */
    readonly occurredAt: Date | null;
    /** When this receiver got it. */
    readonly receivedAt: Date;
    /** Which attempt of this listener this is, from 1. */
    readonly attempt: number;
    /** Whether another body with the same identity had been stored before: one of them is not genuine. */
    readonly conflicting: boolean;
    /**
     * Set when it was made of what a list of the cloud says, because no callback came: `origin` names the list.
     */
    readonly reconciled?: true;
    /** Set when this run was asked for, by `audit.replay` and not by CSS. */
    readonly replay: LiveEventReplay | null;
    /**
     * Span of the request that brought it, as `traceparent` of W3C Trace Context says it; null where
     * nestjs-live-callback/telemetry is not imported or nothing is traced.
     */
    readonly traceparent: string | null;
    /** The typed view. */
    readonly data: (LiveEventMap & SessionEventMap)[P];
    /** The JSON as sent, `t` and `sign` included; integers beyond 2^53 are strings. */
    readonly raw: JsonObject;
  };
}[K];

/** An event that CSS sends, or that tells of a session. */
export type AnyLiveEvent = LiveEvent<LiveEventKind | SessionEventKind>;
