import type { MeterProvider } from '@opentelemetry/api';

import { onLiveCallbackSignal } from '../common/signals.js';
import { Instruments } from './instruments.js';

interface Counting {
  users: number;
  readonly end: () => void;
}

const COUNTING = new WeakMap<MeterProvider, Counting>();

/**
 * Counts the signals. They are those of the process, so a provider counts them once, however many
 * applications of the process ask it to.
 *
 * @returns a function that ends it
 */
export function countSignals(provider: MeterProvider): () => void {
  const instruments = Instruments.of(provider);
  if (!instruments) return () => {};
  const counting = COUNTING.get(provider) ?? { users: 0, end: subscribe(instruments) };
  counting.users++;
  COUNTING.set(provider, counting);
  return () => {
    if (--counting.users > 0) return;
    COUNTING.delete(provider);
    counting.end();
  };
}

function subscribe(instruments: Instruments): () => void {
  const received = instruments.counter('received');
  const age = instruments.histogram('event.age');
  const delay = instruments.histogram('sender.delay');
  const intake = instruments.histogram('intake.duration');
  const refused = instruments.counter('refused');
  const duplicates = instruments.counter('duplicates');
  const conflicting = instruments.counter('conflicting');
  const deliveries = instruments.counter('deliveries');
  const duration = instruments.histogram('listener.duration');
  const lag = instruments.histogram('delivery.lag');
  const ended = instruments.counter('sessions.ended');
  const sessionDuration = instruments.histogram('session.duration');
  const reconnects = instruments.counter('reconnects');
  const corrections = instruments.counter('reconcile.corrections');
  const calls = instruments.counter('cloud.calls');
  const ends = [
    onLiveCallbackSignal('received', ({ kind, state, ageMs, delayMs }) => {
      received({ kind, state });
      if (ageMs !== null) age(ageMs, { kind });
      if (delayMs !== null) delay(delayMs, {});
    }),
    onLiveCallbackSignal('answered', ({ status, durationMs }) => intake(durationMs, { status })),
    onLiveCallbackSignal('refused', ({ reason }) => refused({ reason })),
    onLiveCallbackSignal('duplicate', () => duplicates({})),
    onLiveCallbackSignal('conflicting', () => conflicting({})),
    onLiveCallbackSignal('delivered', ({ listener, durationMs, lagMs }) => {
      deliveries({ listener, outcome: 'done' });
      duration(durationMs, { listener });
      lag(lagMs, { listener });
    }),
    onLiveCallbackSignal('session', ({ event, reason, durationMs }) => {
      if (event === 'session-resumed') reconnects({});
      if (event !== 'session-ended') return;
      ended({ reason: reason ?? 'unknown' });
      if (durationMs !== null) sessionDuration(durationMs, {});
    }),
    onLiveCallbackSignal('corrected', ({ what }) => corrections({ type: what })),
    onLiveCallbackSignal('asked', ({ action, outcome }) => calls({ action, code: outcome })),
    onLiveCallbackSignal('failed', ({ listener, durationMs, retryInMs }) => {
      deliveries({ listener, outcome: retryInMs === null ? 'dead' : 'failed' });
      duration(durationMs, { listener });
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
