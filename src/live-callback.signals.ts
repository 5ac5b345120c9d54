import { channel, type Channel } from 'node:diagnostics_channel';

import { Logger } from '@nestjs/common';

import type { CallbackState } from './events/index.js';

/** What happened, and what is said about it. No message holds a key, a sign or a body. */
export interface LiveCallbackSignals {
  /** An authentic callback was read. */
  received: { kind: string; state: CallbackState; routeKind: string | null };
  /** A callback was committed for the first time. */
  stored: { id: string; kind: string; state: CallbackState; variant: boolean };
  /** The database could not take a callback; it is kept in the spool and acknowledged. */
  spooled: { kind: string };
  /** A callback that had been stored before came again. */
  duplicate: { kind: string };
  /** A stored callback has the identity of an earlier one and other content. */
  variant: { id: string; kind: string };
  /** A stored callback has an `event_type` that no kind has. */
  unknown: { id: string; eventType: number | null };
  /** A stored callback does not fit its DTO. */
  quarantined: { id: string; kind: string; errors: readonly string[] };
  /** A request was refused. */
  refused: { reason: string; remoteAddress: string | null };
  /** A listener has handled an event. */
  delivered: { id: string; kind: string; listener: string; attempt: number; durationMs: number };
  /** An attempt of a listener failed. */
  failed: { id: string; kind: string; listener: string; attempt: number; error: string };
  /** A listener is given up on an event; `audit.replay` starts anew. */
  dead: { id: string; kind: string; listener: string; attempt: number; error: string };
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

/** Publishes a signal. Free when nobody listens: the message is made only then. @internal */
export function emitSignal<S extends LiveCallbackSignal>(
  signal: S,
  message: () => LiveCallbackSignals[S],
): void {
  const target = channelOf(signal);
  if (target.hasSubscribers) target.publish(message());
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
