import { Injectable } from '@nestjs/common';

import type { LiveEvent } from '../events/index.js';
import { DeliveryLedger, type DeliveryLease } from './delivery.ledger.js';
import { endInTime } from './end-in-time.js';
import type { Listener } from './listener.registry.js';
import type { ListenerRun } from './listener.run.js';

/** Thrown in place of a result when a listener takes longer than its `timeoutMs`. */
export class ListenerTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`The listener did not end within ${timeoutMs} ms`);
    this.name = 'ListenerTimeoutError';
  }
}

/** Calls a listener once: with a deadline, and in a transaction where it wants one. */
@Injectable()
export class ListenerRunner {
  constructor(private readonly ledger: DeliveryLedger) {}

  /**
   * @returns whether the outcome is recorded already, as that of a transactional listener is
   * @throws what the listener throws, ListenerTimeoutError, LeaseLostError
   */
  async run(
    listener: Listener,
    event: LiveEvent,
    lease: DeliveryLease,
    run: ListenerRun,
  ): Promise<boolean> {
    if (!listener.options.transactional) {
      await withDeadline(listener, event, run);
      return false;
    }
    await this.ledger.transact(lease, (manager) =>
      withDeadline(listener, event, run.within(manager)),
    );
    return true;
  }
}

/** Async, so that what a listener throws at once is a rejection like any other. */
async function withDeadline(listener: Listener, event: LiveEvent, run: ListenerRun): Promise<void> {
  const { timeoutMs } = listener.options;
  const work = listener.handle(event, run);
  // One that has ended already needs no timer.
  if (!isPromiseLike(work)) return;
  await endInTime(work, timeoutMs, () => {
    run.abort();
    return new ListenerTimeoutError(timeoutMs);
  });
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
