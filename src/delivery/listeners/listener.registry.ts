import { Injectable } from '@nestjs/common';

import type { LiveEvent } from '../../events/live-event.js';
import { isSessionKind } from '../../events/session-event.js';
import type { DeliveryLease } from '../../storage/delivery.lease.js';
import type { ListenerOptions } from './listener.options.js';
import type { LiveEventContext } from './live-event.context.js';

/** A listener method, ready to be called. */
export interface Listener {
  readonly id: string;
  /** Kinds it listens to, or `'*'`: all but those that tell of sessions. */
  readonly patterns: ReadonlySet<string>;
  readonly options: ListenerOptions;
  handle(event: LiveEvent, context: LiveEventContext): unknown;
  /**
   * Handles an event and completes its delivery, in a transaction that may be one of many events. Default:
   * `handle` is called, and the outcome recorded after it.
   *
   * @throws LeaseLostError
   */
  record?(event: LiveEvent, lease: DeliveryLease): Promise<void>;
}

/** The durable listeners of the application, found at start. */
@Injectable()
export class ListenerRegistry {
  private readonly listeners = new Map<string, Listener>();
  private readonly byKind = new Map<string, readonly Listener[]>();

  add(listener: Listener): void {
    this.listeners.set(listener.id, listener);
    this.byKind.clear();
  }

  /** Ids of all listeners. */
  get ids(): readonly string[] {
    return [...this.listeners.keys()];
  }

  get(id: string): Listener | undefined {
    return this.listeners.get(id);
  }

  /** The listeners of a kind; the list of a kind is made once. */
  matching(kind: string): readonly Listener[] {
    let matching = this.byKind.get(kind);
    if (!matching) {
      matching = [...this.listeners.values()].filter(
        ({ patterns }) => patterns.has(kind) || (patterns.has('*') && !isSessionKind(kind)),
      );
      this.byKind.set(kind, matching);
    }
    return matching;
  }

  /** Those that want what is made of what the cloud says, in place of a callback. */
  matchingReconciled(kind: string): readonly Listener[] {
    return this.matching(kind).filter(({ options }) => options.reconciled);
  }
}
