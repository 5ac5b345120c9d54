import { Injectable } from '@nestjs/common';

import type { LiveEvent } from '../events/index.js';
import type { ListenerOptions } from './listener.options.js';
import type { LiveEventContext } from './live-event.context.js';

/** A listener method, ready to be called. */
export interface Listener {
  readonly id: string;
  /** Kinds it listens to, or `'*'`. */
  readonly patterns: ReadonlySet<string>;
  readonly options: ListenerOptions;
  handle(event: LiveEvent, context: LiveEventContext): unknown;
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
        ({ patterns }) => patterns.has('*') || patterns.has(kind),
      );
      this.byKind.set(kind, matching);
    }
    return matching;
  }
}
