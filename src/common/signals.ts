import { channel, type Channel } from 'node:diagnostics_channel';

import { Logger } from '@nestjs/common';

import { outsideRequests } from './outside-requests.js';

/** What a callback turned out to be: see `CallbackState` in events/event-interpreter.ts, repeated here because imports go downwards. */
type SignalledState = 'accepted' | 'unknown' | 'quarantined';

/** Trouble that is told of when it begins and when it ends. */
export type AlertName =
  | 'storage-down'
  | 'clock-wrong'
  | 'listener-behind'
  | 'listener-paused'
  | 'breaker-open'
  | 'dead-letters'
  | 'quarantined'
  | 'unknown'
  | 'refusals'
  | 'conflicting'
  | 'stale-session'
  | 'reconciliation-behind'
  | 'template-drift';

/** What happened, and what is said about it. No message holds a key, a sign or a body. */
export interface LiveCallbackSignals {
  /** The minute before this callback is over: what authentic callbacks brought in it. */
  volume: { bytes: number; callbacks: number };
  /**
   * An authentic callback was read: how long after what it tells of (`ageMs`), and how long after it was
   * signed (`delayMs`), as far as it says so.
   */
  received: {
    kind: string;
    state: SignalledState;
    routeKind: string | null;
    ageMs: number | null;
    delayMs: number | null;
  };
  /** It was answered: with 200 when it is durable, else with 503. Counted from the head of the request. */
  answered: { kind: string; status: 200 | 503; durationMs: number };
  /** A callback was committed for the first time. */
  stored: { id: string; kind: string; state: SignalledState; conflicting: boolean };
  /** The database could not take a callback; it is kept in the spool and acknowledged. */
  spooled: { kind: string };
  /** A callback that had been stored before came again. */
  duplicate: { kind: string };
  /** A stored callback has the identity of an earlier one and other content. */
  conflicting: { id: string; kind: string };
  /** A stored callback has an `event_type` that no kind has. */
  unknown: { id: string; eventType: number | null };
  /** A stored callback does not fit its DTO. */
  quarantined: { id: string; kind: string; errors: readonly string[] };
  /** The audit API has shown a body with its secrets. */
  revealed: { id: string; actor: string };
  /** A request was refused. */
  refused: { reason: string; remoteAddress: string | null };
  /** A listener has handled an event, so long after its receipt or replay (`lagMs`). */
  delivered: {
    id: string;
    kind: string;
    listener: string;
    attempt: number;
    durationMs: number;
    lagMs: number;
  };
  /** An attempt of a listener failed; `retryInMs` is null when it was the last one. */
  failed: {
    id: string;
    kind: string;
    listener: string;
    attempt: number;
    error: string;
    durationMs: number;
    retryInMs: number | null;
  };
  /** A listener is given up on an event; `audit.replay` starts anew. */
  dead: { id: string; kind: string; listener: string; attempt: number; error: string };
  /**
   * An event of a session was committed, such as `session-ended`. `reason` is that of its last end; `durationMs`
   * from its beginning to its end, null before.
   */
  session: {
    event: string;
    domain: string | null;
    stream: string | null;
    reason: string | null;
    durationMs: number | null;
  };
  /** Comparison with the cloud has found something that no callback had told, and how it is known now. */
  corrected: { what: 'start' | 'end' | 'callback'; source: string; stream: string };
  /** A question was asked of the cloud: `ok`, the code of its API, `NoAnswer` or `Unusable`. */
  asked: { action: string; outcome: string };
  /** Trouble has begun or ended. `listener` is null where it is none's; `detail` is empty at the end. */
  alert: {
    alert: AlertName;
    state: 'begins' | 'ends';
    registration: string;
    listener: string | null;
    detail: string;
  };
  /** A purge has ended: how many it dropped and deleted, and how many old ones it had to keep. */
  purged: { bodies: number; rows: number; rejections: number; discarded: number; held: number };
}

/** Name of a signal. */
export type LiveCallbackSignal = keyof LiveCallbackSignals;

const CHANNELS = new Map<LiveCallbackSignal, Channel>();

/** The `node:diagnostics_channel` of a signal: `nestjs-live-callback:<signal>`. */
function channelOf(signal: LiveCallbackSignal): Channel {
  let found = CHANNELS.get(signal);
  if (!found) CHANNELS.set(signal, (found = channel(`nestjs-live-callback:${signal}`)));
  return found;
}

/** Whether anybody in this process listens to a signal. @internal */
export function isHeard(signal: LiveCallbackSignal): boolean {
  return channelOf(signal).hasSubscribers;
}

/** Publishes a signal. Free when nobody listens: the message is made only then. @internal */
export function emitSignal<S extends LiveCallbackSignal>(
  signal: S,
  message: () => LiveCallbackSignals[S],
): void {
  const target = channelOf(signal);
  if (target.hasSubscribers) outsideRequests(() => target.publish(message()));
}

/**
 * Calls a handler for each signal of this process, for metrics and alarms. Handlers run in the way
 * of the callback, so they should be short. What they throw is logged and goes no further.
 *
 * @returns a function that ends the subscription
 */
export function onLiveCallbackSignal<S extends LiveCallbackSignal>(
  signal: S,
  handler: (message: LiveCallbackSignals[S]) => unknown,
): () => void {
  const listener = (message: unknown): void => void call(handler, message as never, signal);
  const target = channelOf(signal);
  target.subscribe(listener);
  return () => {
    target.unsubscribe(listener);
  };
}

/** A subscriber that throws would end the process, and a refused request is enough to call it. */
async function call(
  handler: (message: never) => unknown,
  message: never,
  signal: LiveCallbackSignal,
): Promise<void> {
  try {
    await handler(message);
  } catch (error) {
    new Logger('LiveCallback').error(
      `A handler of the signal "${signal}" failed: ${error instanceof Error ? error.message : typeof error}`,
    );
  }
}
