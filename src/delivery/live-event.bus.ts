import { Injectable, Logger } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { filter, Subject, type Observable } from 'rxjs';
import type { EntityManager } from 'typeorm';

import { outsideRequests } from '../common/outside-requests.js';
import type { AnyLiveEvent, KindOf, LiveEvent, LiveEventPattern } from '../events/live-event.js';
import { errorText } from '../common/error-text.js';
import { isSessionKind } from '../events/session-event.js';
import { pendingResult } from './listeners/handler-result.js';
import { ListenerError } from './listeners/listener.error.js';
import type { LiveEventContext } from './listeners/live-event.context.js';
import { ListenerRegistry, type Listener } from './listeners/listener.registry.js';
import { isNews } from './listeners/once-per-application.js';

/** A function that observes events. */
export type LiveEventHandler<P extends LiveEventPattern = '*'> = (
  event: LiveEvent<KindOf<P>>,
) => unknown;

/**
 * Subscribe by code, as an Observable, or publish in a test.
 *
 * Subscribers here are observers: they see each newly stored event once, in this process, and nothing
 * records whether they succeeded. Work that must not be lost belongs into a method with `@OnLiveEvent`.
 */
@Injectable()
export class LiveEventBus {
  private readonly logger = new Logger('LiveCallback');
  private readonly handlers = new Map<string, Set<LiveEventHandler>>();
  private readonly subject = new Subject<LiveEvent>();

  constructor(
    private readonly registry: ListenerRegistry,
    private readonly modules: ModulesContainer,
  ) {}

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
   * Newly stored events of the pattern, as a hot Observable. Default: `'*'`, all that CSS sends. Subscribers must
   * not throw: RxJS makes that an uncaught exception.
   */
  observe<const P extends LiveEventPattern = '*'>(pattern?: P): Observable<LiveEvent<KindOf<P>>> {
    const all = this.subject.asObservable();
    const matching =
      pattern === undefined || pattern === '*'
        ? all.pipe(filter((event) => !isSessionKind(event.kind)))
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
  async publish(event: AnyLiveEvent, context: Partial<LiveEventContext> = {}): Promise<void> {
    this.tell(event as LiveEvent);
    const runs = this.registry
      .matching(event.kind)
      .map((listener) => runOnce(listener, event as LiveEvent, context));
    const failed = (await Promise.allSettled(runs)).filter((run) => run.status === 'rejected');
    if (failed.length > 0) {
      throw new AggregateError(
        failed.map((run) => run.reason as unknown),
        `${failed.length} of ${runs.length} listeners failed on ${event.kind} ${event.id}`,
      );
    }
  }

  /** Tells the observers of a newly stored event. @internal */
  emit(event: LiveEvent): void {
    if (event.kind !== 'unknown' && !isSessionKind(event.kind)) this.checkIsHeard(event.kind);
    this.tell(event);
  }

  /** Said once, as it may be meant: a host may want no more than the record. */
  private checkIsHeard(kind: string): void {
    const isHeard =
      this.registry.matching(kind).length > 0 ||
      this.subject.observed ||
      [kind, '*'].some((pattern) => (this.handlers.get(pattern)?.size ?? 0) > 0);
    if (isHeard) return;
    const text = `The kind ${kind} is received and has no listener: its callbacks are stored and given to nobody. @OnLiveEvent('${kind}') or @OnLiveEvent('*') would get them.`;
    if (isNews(this.modules, text)) this.logger.log(text);
  }

  /** What observers throw is logged and goes no further. */
  private tell(event: LiveEvent): void {
    outsideRequests(() => {
      for (const pattern of isSessionKind(event.kind) ? [event.kind] : [event.kind, '*']) {
        for (const handler of this.handlers.get(pattern) ?? []) void this.call(handler, event);
      }
      this.subject.next(event);
    });
  }

  private async call(handler: LiveEventHandler, event: LiveEvent): Promise<void> {
    try {
      await pendingResult(handler(event), () => undefined);
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
      throw new ListenerError('Give publish() the manager: publish(event, { manager })');
    },
  };
  await pendingResult(listener.handle(event, context), () => signal);
}
