import type { LiveEventMap } from './live-event-map.js';
import type { JsonObject } from './payload.js';
import type { StreamIdentity } from './stream-identity.js';

/** Name of a kind of event. */
export type LiveEventKind = keyof LiveEventMap;

/** What a listener may name: a kind, or `'*'` for all of them. */
export type LiveEventPattern = LiveEventKind | '*';

/** The kinds that a pattern stands for. */
export type KindOf<P extends LiveEventPattern> = P extends LiveEventKind ? P : LiveEventKind;

/** Who asked for an event to be handled again, and why. */
export interface LiveEventReplay {
  readonly at: Date;
  readonly reason: string;
  readonly actor: string;
}

/** One stored event, as listeners get it. A union over the kinds, told apart by `kind`. */
export type LiveEvent<K extends LiveEventKind = LiveEventKind> = {
  [P in K]: {
    /** Id of the row in `live_callback`: a time-ordered UUID. */
    readonly id: string;
    readonly kind: P;
    readonly stream: StreamIdentity;
    /** When it happened, as the sender says; null when it does not. */
    readonly occurredAt: Date | null;
    /** When this receiver got it. */
    readonly receivedAt: Date;
    /** Which attempt of this listener this is, from 1. */
    readonly attempt: number;
    /** Whether another body with the same identity had been stored before: one of them is not genuine. */
    readonly variant: boolean;
    /** Set when this run was asked for, by `audit.replay` and not by CSS. */
    readonly replay: LiveEventReplay | null;
    /** The typed view. */
    readonly data: LiveEventMap[P];
    /** The JSON as sent, `t` and `sign` included; integers beyond 2^53 are strings. */
    readonly raw: JsonObject;
  };
}[K];
