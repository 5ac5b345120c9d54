import type { CallbackFields } from '../testing/callback-fields.js';

/** The stream that a callback speaks of. */
export interface CallbackOrigin {
  readonly domain: string;
  readonly appName: string;
  readonly streamName: string;
  /** Identifies the push. */
  readonly sequence: string;
}

/** A callback on its way: what it says, and where it goes. */
export interface OutgoingCallback {
  readonly id: string;
  /** Kind of its URL. */
  readonly kind: string;
  readonly eventType: number;
  readonly origin: CallbackOrigin;
  /** Without `t` and `sign`, which each request gets anew. */
  readonly fields: CallbackFields;
  readonly url: string;
  /** Signs it; null for a kind that CSS does not sign, or a template without a key. */
  readonly key: string | null;
}

/** How it ended: acknowledged, given up after the last retry, without a URL, or cut short by `close`. */
export type CallbackOutcome = 'acknowledged' | 'given-up' | 'unbound' | 'cancelled';

/** A callback that the emulator has been told to send. */
export interface SentCallback {
  /** The `callbackId` of its attempts in the history. */
  readonly id: string;
  readonly kind: string;
  /** Without `t` and `sign`. */
  readonly fields: Readonly<CallbackFields>;
  /** Never rejects. On a virtual clock it takes an `advance` to come to an end. */
  readonly outcome: Promise<CallbackOutcome>;
}
