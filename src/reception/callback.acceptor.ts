import { Injectable } from '@nestjs/common';

import { CallbackStore, type StoredCallback, type StoreOutcome } from '../audit/index.js';
import { LiveEventDispatcher } from '../bus/index.js';
import { toLiveEvent } from '../events/index.js';
import { emitSignal } from '../live-callback.signals.js';
import type { TypedCallback } from './callback.pipe.js';

/** Stores a typed callback and, once it is committed, hands it on. */
@Injectable()
export class CallbackAcceptor {
  constructor(
    private readonly store: CallbackStore,
    private readonly dispatcher: LiveEventDispatcher,
  ) {}

  /**
   * Resolves when the callback is committed.
   *
   * @throws StorageUnavailableError when it is not known to be durable in time
   */
  async accept(callback: TypedCallback): Promise<StoreOutcome> {
    const outcome = await this.store.put(callback.row, (stored) => this.handOn(callback, stored));
    if (outcome === 'duplicate') emitSignal('duplicate', () => ({ kind: callback.row.kind }));
    return outcome;
  }

  /** Comes once per callback, after its commit. What does not fit reaches no listener. */
  private handOn(
    { row, meaning, payload }: TypedCallback,
    { variant, deliveries }: StoredCallback,
  ): void {
    const { id, kind, state, eventType } = row;
    emitSignal('stored', () => ({ id, kind, state, variant }));
    if (variant) emitSignal('variant', () => ({ id, kind }));
    if (state === 'unknown') emitSignal('unknown', () => ({ id, eventType }));
    if (state === 'quarantined') {
      emitSignal('quarantined', () => ({ id, kind, errors: meaning.errors }));
      return;
    }
    const facts = { id, receivedAt: new Date(row.receivedAt), attempt: 1, variant };
    const event = toLiveEvent(facts, meaning, payload);
    this.dispatcher.announce(event);
    this.dispatcher.dispatch(event, deliveries);
  }
}
