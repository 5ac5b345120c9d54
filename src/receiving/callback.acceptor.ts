import { Injectable } from '@nestjs/common';

import { emitSignal } from '../common/signals.js';
import { DeliveryPlacement } from '../delivery/delivery.placement.js';
import { HandOver } from '../delivery/hand-over.js';
import { LiveEventBus } from '../delivery/live-event.bus.js';
import { readPayload } from '../events/payload/read-payload.js';
import { toLiveEvent } from '../events/to-live-event.js';
import { CallbackStore, type StoredCallback } from '../storage/callback.store.js';
import type { SpooledCallback } from '../storage/spool/spool.file.js';
import { CallbackMapper, type MappedCallback } from './callback.mapper.js';

/** Stores a mapped callback and, once it is committed, hands it on. */
@Injectable()
export class CallbackAcceptor {
  constructor(
    private readonly store: CallbackStore,
    private readonly handOver: HandOver,
    private readonly placement: DeliveryPlacement,
    private readonly bus: LiveEventBus,
    private readonly mapper: CallbackMapper,
  ) {}

  /**
   * Resolves when the callback is durable.
   *
   * @param store where it is kept. Default: the store of the registration
   * @throws StorageUnavailableError when it is not known to be durable in time
   */
  async accept(callback: MappedCallback, store: CallbackStore = this.store): Promise<void> {
    const stored = await store.put(callback.row);
    const { kind } = callback.row;
    if (stored.outcome === 'spooled') emitSignal('spooled', () => ({ kind }));
    else if (stored.outcome === 'known') emitSignal('duplicate', () => ({ kind }));
    else this.handOn(callback, stored);
  }

  /** Takes in a callback that was acknowledged while the database was away. @param store where it is kept */
  async acceptSpooled(
    { body, bodyEncoding, ...facts }: SpooledCallback,
    store: CallbackStore,
  ): Promise<void> {
    const payload = readPayload(Buffer.from(body, bodyEncoding));
    await this.accept(this.mapper.transform({ ...facts, payload, text: body }), store);
  }

  /** Comes once per callback, after its commit. What does not fit reaches no listener. */
  private handOn(
    { row, meaning, payload }: MappedCallback,
    { conflicting, leased, waiting }: StoredCallback,
  ): void {
    const {
      id,
      registration,
      origin,
      kind,
      state,
      eventType,
      streamName: stream,
      traceparent,
    } = row;
    emitSignal('stored', () => ({ id, kind, state, conflicting }));
    if (conflicting) emitSignal('conflicting', () => ({ id, kind }));
    if (state === 'unknown') emitSignal('unknown', () => ({ id, eventType }));
    if (state === 'quarantined') {
      emitSignal('quarantined', () => ({ id, kind, errors: meaning.errors }));
      return;
    }
    const receivedAt = new Date(row.receivedAt);
    const facts = { id, registration, origin, receivedAt, attempt: 1, conflicting, traceparent };
    const event = toLiveEvent(facts, meaning, payload);
    this.bus.emit(event);
    this.handOver.add(event, leased);
    this.placement.wake(waiting.map((delivery) => ({ ...delivery, kind, stream })));
  }
}
