import { Injectable, Logger } from '@nestjs/common';
import { filter, Subject, type Observable } from 'rxjs';
import type { EntityManager } from 'typeorm';

import type { KindOf, LiveEvent, LiveEventPattern } from '../events/index.js';
import { errorText } from './error-text.js';
import type { LiveEventContext } from './live-event.context.js';
import { ListenerRegistry, type Listener } from './listener.registry.js';

/** A function that observes events. */
export type LiveEventHandler<P extends LiveEventPattern = '*'> = (
  event: LiveEvent<KindOf<P>>,
) => unknown;

/**
 * Subscribe by code, as an Observable, or publish in a test.
 *
 * Subscribers here are observers: they see each newly stored event once, in this process, and
 * nothing records whether they succeeded. Work that must not be lost belongs into a method with
 * `@OnLiveEvent`.
 */
@Injectable()
export class LiveEventBus {
  private readonly logger = new Logger('LiveCallback');
  private readonly handlers = new Map<string, Set<LiveEventHandler>>();
  private readonly subject = new Subject<LiveEvent>();

  constructor(private readonly registry: ListenerRegistry) {}

  /**
   * Calls the handler for each newly stored event of the pattern.
   *
   * @returns a function that ends the subscription
   */
  on<const P extends LiveEventPattern>(pattern: P, handler: LiveEventHandler<P>): () => void {
    const handlers = this.handlers.get(pattern) ?? new Set();
    this.handlers.set(pattern, handlers.add(handler as LiveEventHandler));
    return () => this.off(pattern, handler);
  }

  /** Ends a subscription made with {@link on}. */
  off<const P extends LiveEventPattern>(pattern: P, handler: LiveEventHandler<P>): void {
    this.handlers.get(pattern)?.delete(handler as LiveEventHandler);
  }

  /**
   * Newly stored events of the pattern, as a hot Observable. Default: all of them. Subscribers must
   * not throw: RxJS makes that an uncaught exception.
   */
  observe<const P extends LiveEventPattern = '*'>(pattern?: P): Observable<LiveEvent<KindOf<P>>> {
    const all = this.subject.asObservable();
    const matching =
      pattern === undefined || pattern === '*'
        ? all
        : all.pipe(filter((event) => event.kind === pattern));
    return matching as Observable<LiveEvent<KindOf<P>>>;
  }

  /**
   * For tests of a host: runs all listeners and observers of an event and waits for the listeners.
   * Nothing is stored or recorded.
   *
   * @param context what handlers get as `context`, such as a `manager` for transactional ones
   * @throws AggregateError with what the listeners threw, after all of them have run
   */
  async publish(event: LiveEvent, context: Partial<LiveEventContext> = {}): Promise<void> {
    this.emit(event);
    const runs = this.registry
      .matching(event.kind)
      .map((listener) => runOnce(listener, event, context));
    const failed = (await Promise.allSettled(runs)).filter((run) => run.status === 'rejected');
    if (failed.length > 0) {
      throw new AggregateError(
        failed.map((run) => run.reason as unknown),
        `${failed.length} of ${runs.length} listeners failed on ${event.kind} ${event.id}`,
      );
    }
  }

  /** Tells the observers. What they throw is logged and goes no further. @internal */
  emit(event: LiveEvent): void {
    for (const pattern of [event.kind, '*']) {
      for (const handler of this.handlers.get(pattern) ?? []) void this.call(handler, event);
    }
    this.subject.next(event);
  }

  private async call(handler: LiveEventHandler, event: LiveEvent): Promise<void> {
    try {
      await handler(event);
    } catch (error) {
      this.logger.error(`An observer failed on ${event.kind} ${event.id}: ${errorText(error)}`);
    }
  }
}

async function runOnce(
  listener: Listener,
  event: LiveEvent,
  { signal = new AbortController().signal, manager }: Partial<LiveEventContext>,
): Promise<void> {
  const context = {
    signal,
    get manager(): EntityManager {
      if (manager) return manager;
      throw new Error('Give publish() the manager: publish(event, { manager })');
    },
  };
  await listener.handle(event, context);
}
