import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { LiveEvent } from '../events/index.js';
import { DeliveryLedger, type DeliveryLease } from './delivery.ledger.js';
import type { Listener } from './listener.registry.js';

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
  private readonly running = new Set<AbortController>();

  constructor(private readonly ledger: DeliveryLedger) {}

  /** Aborts the signal of every run. */
  abort(): void {
    for (const run of this.running) run.abort();
  }

  /**
   * @returns whether the outcome is recorded already, as that of a transactional listener is
   * @throws what the listener throws, ListenerTimeoutError, LeaseLostError
   */
  async run(listener: Listener, event: LiveEvent, lease: DeliveryLease): Promise<boolean> {
    if (!listener.options.transactional) {
      await this.withDeadline(listener, event);
      return false;
    }
    await this.ledger.transact(lease, (manager) => this.withDeadline(listener, event, manager));
    return true;
  }

  private async withDeadline(
    listener: Listener,
    event: LiveEvent,
    manager?: EntityManager,
  ): Promise<void> {
    const { timeoutMs } = listener.options;
    const abort = new AbortController();
    this.running.add(abort);
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        abort.abort();
        reject(new ListenerTimeoutError(timeoutMs));
      }, timeoutMs);
    });
    try {
      await Promise.race([call(listener, event, abort.signal, manager), deadline]);
    } finally {
      clearTimeout(timer);
      this.running.delete(abort);
    }
  }
}

/** Async, so that what a listener throws at once is a rejection like any other. */
async function call(
  listener: Listener,
  event: LiveEvent,
  signal: AbortSignal,
  manager?: EntityManager,
): Promise<void> {
  const context = {
    signal,
    get manager(): EntityManager {
      if (manager) return manager;
      throw new Error(
        `context.manager is there for transactional listeners only: @OnLiveEvent(…, { transactional: true }) on ${listener.id}`,
      );
    },
  };
  await listener.handle(event, context);
}
