import { Injectable, Logger } from '@nestjs/common';

import { errorText } from '../common/error-text.js';
import type { LiveEvent } from '../events/live-event.js';
import { DeliveryStore } from '../storage/delivery.store.js';
import { DEAD, DONE, type AttemptResult } from './attempt.result.js';
import { signalAttempt } from './attempt.signals.js';
import type { HeldDelivery } from './held-delivery.js';
import { LeaseKeeper } from './lease.keeper.js';
import { backoffAfter } from './listeners/listener.options.js';
import { ListenerRun } from './listeners/listener.run.js';
import { ListenerRunner } from './listeners/listener.runner.js';
import { RunTracing } from './listeners/run.tracing.js';
import { isNonRetryable } from './listeners/non-retryable.error.js';

/** How often an event may end the process, whatever attempts its listener has. */
const DEADLY_ATTEMPTS = 5;

/** Makes one attempt of a listener at an event, and has its outcome recorded. */
@Injectable()
export class AttemptRunner {
  private readonly logger = new Logger('LiveCallback');

  constructor(
    private readonly leases: LeaseKeeper,
    private readonly runner: ListenerRunner,
    private readonly store: DeliveryStore,
    private readonly tracing: RunTracing,
  ) {}

  /**
   * Resolves when the listener has ended; `delivery.recorded` does so when its outcome is in the table, for
   * which the next event of the stream need not wait.
   *
   * @returns null when the delivery is not this process's any more
   */
  async run(delivery: HeldDelivery): Promise<AttemptResult | null> {
    const { to, event: stored } = delivery;
    if (!stored || !(await this.leases.begin(delivery))) return null;
    const { attempts } = to.options;
    const most = delivery.isDeadly ? Math.min(attempts, DEADLY_ATTEMPTS) : attempts;
    delivery.isSuspect = false;
    const event = withAttempt(stored, delivery.attempts);
    const tries = delivery.attempts - delivery.attemptsBefore;
    if (tries > most) {
      // Counted before it ran, and nobody saw it end: the process did, or the host was cut off.
      const error = 'The process ended during each attempt';
      return this.settle(delivery, event, { ...DEAD, error }, 0);
    }
    const startedAt = performance.now();
    const durationMs = () => Math.round(performance.now() - startedAt);
    const trace = this.tracing.begin(to.id, event);
    delivery.run = new ListenerRun(to, trace);
    try {
      const isRecorded = await this.runner.run(to, event, delivery.lease, delivery.run);
      trace?.succeeded();
      if (!isRecorded) return this.settle(delivery, event, DONE, durationMs());
      signalAttempt(event, to.id, DONE, durationMs());
      delivery.recorded = Promise.resolve();
      return DONE;
    } catch (thrown) {
      trace?.failed(thrown);
      return this.settle(delivery, event, this.failureOf(delivery, event, thrown), durationMs());
    }
  }

  private failureOf(
    { to, attempts, attemptsBefore }: HeldDelivery,
    event: LiveEvent,
    thrown: unknown,
  ): AttemptResult {
    const error = errorText(thrown);
    const tries = attempts - attemptsBefore;
    const isRefused = isNonRetryable(thrown);
    const isDead = isRefused || tries >= to.options.attempts;
    const retryInMs = isDead ? 0 : backoffAfter(tries, to.options);
    const next = isDead ? 'it is a dead letter now' : `next attempt in ${retryInMs} ms`;
    this.logger.error(
      `Listener ${to.id} failed on ${event.kind} ${event.id} (attempt ${event.attempt}); ${next}: ${error}`,
    );
    return { state: isDead ? 'dead' : 'pending', error, retryInMs, isRefused };
  }

  private settle(
    delivery: HeldDelivery,
    event: LiveEvent,
    result: AttemptResult,
    durationMs: number,
  ): AttemptResult {
    delivery.recorded = this.store.settle({ ...delivery.lease, ...result, durationMs });
    signalAttempt(event, delivery.listener, result, durationMs);
    return result;
  }
}

function withAttempt(event: LiveEvent, attempt: number): LiveEvent {
  return event.attempt === attempt ? event : Object.freeze({ ...event, attempt });
}
