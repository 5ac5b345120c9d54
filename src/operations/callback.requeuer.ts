import { Injectable } from '@nestjs/common';

import { LiveEventBus } from '../delivery/live-event.bus.js';
import { OrderingKeyTaker } from '../delivery/ordering-key.taker.js';
import { ListenerRegistry } from '../delivery/listeners/listener.registry.js';
import { EventInterpreter } from '../events/event-interpreter.js';
import { readPayload } from '../events/payload/read-payload.js';
import { toLiveEvent } from '../events/to-live-event.js';
import { emitSignal } from '../common/signals.js';
import { CallbackReclassifier } from '../storage/callback.reclassifier.js';
import type { LiveCallback } from '../storage/entities/index.js';
import { deliveriesOf } from '../storage/new-deliveries.js';

/** Gives stored callbacks a second look, after an upgrade that knows more. */
@Injectable()
export class CallbackRequeuer {
  constructor(
    private readonly reclassifier: CallbackReclassifier,
    private readonly interpreter: EventInterpreter,
    private readonly listeners: ListenerRegistry,
    private readonly bus: LiveEventBus,
    private readonly taker: OrderingKeyTaker,
  ) {}

  /**
   * Accepts and delivers a callback that was unknown, quarantined or discarded, if it fits now.
   * Without its body nobody can tell, and it stays as it is.
   *
   * @returns whether it was accepted by this call
   */
  async requeue(callback: LiveCallback): Promise<boolean> {
    const { id, registration, origin, body, bodyEncoding, receivedAt, warnings } = callback;
    if (body === null) return false;
    const { value: payload, unreadable } = readPayload(Buffer.from(body, bodyEncoding));
    const meaning = this.interpreter.interpret(payload, unreadable);
    if (meaning.state !== 'accepted') return false;
    const { kind } = meaning;
    const strays = warnings?.filter((warning) => warning.startsWith('other-route: ')) ?? [];
    const allWarnings = [...strays, ...meaning.warnings];
    const deliveries = deliveriesOf(
      id,
      registration,
      meaning.stream,
      this.listeners.matching(kind),
    );
    const result = await this.reclassifier.accept({
      id,
      registration,
      kind,
      occurredAt: meaning.occurredAt,
      identityDigest: meaning.identityDigest,
      warnings: allWarnings.length === 0 ? null : allWarnings,
      deliveries,
    });
    if (result === null) return false;
    if (result.conflicting) emitSignal('conflicting', () => ({ id, kind }));
    const facts = {
      id,
      registration,
      origin,
      receivedAt,
      attempt: 1,
      conflicting: result.conflicting,
    };
    this.bus.emit(toLiveEvent(facts, meaning, payload));
    this.taker.wake(deliveries);
    return true;
  }
}
