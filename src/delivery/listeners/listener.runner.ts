import { Injectable } from '@nestjs/common';

import type { LiveEvent } from '../../events/live-event.js';
import { LiveCallbackError } from '../../common/live-callback.error.js';
import { outsideRequests } from '../../common/outside-requests.js';
import type { DeliveryLease } from '../../storage/delivery.lease.js';
import { TransactionRunner } from '../../storage/transaction.runner.js';
import { withTimeout } from '../../common/with-timeout.js';
import { Supersession } from '../supersession.js';
import { pendingResult } from './handler-result.js';
import type { Listener } from './listener.registry.js';
import type { ListenerRun } from './listener.run.js';

/** Thrown in place of a result when a listener takes longer than its `timeoutMs`. */
export class ListenerTimeoutError extends LiveCallbackError {
  readonly code = 'listener-timeout';

  constructor(timeoutMs: number) {
    super(`The listener did not end within ${timeoutMs} ms`);
  }
}

/** Calls a listener once: with a deadline, and in a transaction where it wants one. */
@Injectable()
export class ListenerRunner {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly supersession: Supersession,
  ) {}

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
    if (listener.record) {
      await listener.record(event, lease);
      return true;
    }
    const { reconciled, transactional } = listener.options;
    if (reconciled && (await this.supersession.settle(event, lease))) return true;
    if (!transactional) {
      await withDeadline(listener, event, run);
      return false;
    }
    await this.transactions.run(lease, (manager) =>
      withDeadline(listener, event, run.within(manager)),
    );
    return true;
  }
}

/** Async, so that what a listener throws at once is a rejection like any other. */
async function withDeadline(listener: Listener, event: LiveEvent, run: ListenerRun): Promise<void> {
  const { timeoutMs } = listener.options;
  const handle = () => pendingResult(listener.handle(event, run), () => run.signal);
  const work = outsideRequests(() => (run.trace ? run.trace.within(handle) : handle()));
  // One that has ended already needs no timer.
  if (!work) return;
  await withTimeout(work, timeoutMs, () => {
    run.abort();
    return new ListenerTimeoutError(timeoutMs);
  });
}
