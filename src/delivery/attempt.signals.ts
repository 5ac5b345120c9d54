import { emitSignal } from '../common/signals.js';
import type { LiveEvent } from '../events/live-event.js';
import type { DeliveryOutcome } from '../storage/delivery.lease.js';

/** Tells of an attempt that has ended: `delivered`, or `failed` and at last `dead`. */
export function signalAttempt(
  event: LiveEvent,
  listener: string,
  { state, error, retryInMs: pause }: Pick<DeliveryOutcome, 'state' | 'error' | 'retryInMs'>,
  durationMs: number,
): void {
  const { id, kind, attempt } = event;
  const retryInMs = state === 'pending' ? pause : null;
  if (error !== null) {
    emitSignal('failed', () => ({ id, kind, listener, attempt, error, durationMs, retryInMs }));
  }
  if (state === 'dead') {
    emitSignal('dead', () => ({ id, kind, listener, attempt, error: error ?? '' }));
  }
  if (state === 'done') signalDelivered(event, listener, durationMs);
}

function signalDelivered(event: LiveEvent, listener: string, durationMs: number): void {
  const { id, kind, attempt, replay, receivedAt } = event;
  emitSignal('delivered', () => {
    // The clock of another node may be ahead.
    const lagMs = Math.max(0, Date.now() - (replay?.at ?? receivedAt).getTime());
    return { id, kind, listener, attempt, durationMs, lagMs };
  });
}
