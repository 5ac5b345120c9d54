import type { EntityManager } from 'typeorm';

import type { LiveEventContext } from './live-event.context.js';
import { ListenerError } from './listener.error.js';
import type { Listener } from './listener.registry.js';
import type { RunTrace } from './run.tracing.js';

/** One run of a listener, as its handler sees it: `signal`, and `manager` where it is transactional. */
export class ListenerRun implements LiveEventContext {
  /** Made when a handler asks for it: few do, and it costs as much as the rest of a run. */
  private controller: AbortController | undefined;
  private isAborted = false;
  private transaction: EntityManager | undefined;

  constructor(
    private readonly listener: Listener,
    readonly trace: RunTrace | null = null,
  ) {}

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.isAborted) this.controller.abort();
    return this.controller.signal;
  }

  /** @throws ListenerError for a listener that is not transactional */
  get manager(): EntityManager {
    if (this.transaction) return this.transaction;
    throw new ListenerError(
      `context.manager is there for transactional listeners only: @OnLiveEvent(…, { transactional: true }) on ${this.listener.id}`,
    );
  }

  /** The same run with the EntityManager of its transaction. */
  within(manager: EntityManager): this {
    this.transaction = manager;
    return this;
  }

  /** Tells the handler that its result does not count any more. */
  abort(): void {
    this.isAborted = true;
    this.controller?.abort();
  }
}
