import { Injectable } from '@nestjs/common';

import { DeliverySweeper, ListenerRegistry, LiveEventDispatcher } from '../bus/index.js';
import { EventInterpreter, parsePayload, toLiveEvent } from '../events/index.js';
import { emitSignal } from '../live-callback.signals.js';
import { CallbackDatabase } from './callback.database.js';
import type { LiveCallback } from './entities/index.js';
import { deliveriesOf } from './new-deliveries.js';

/** Gives stored callbacks a second look, after an upgrade that knows more. */
@Injectable()
export class CallbackRequeuer {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly interpreter: EventInterpreter,
    private readonly listeners: ListenerRegistry,
    private readonly dispatcher: LiveEventDispatcher,
    private readonly sweeper: DeliverySweeper,
  ) {}

  /**
   * Accepts and delivers a callback that was unknown, quarantined or discarded, if it fits now.
   * Without its body nobody can tell, and it stays as it is.
   *
   * @returns whether it was accepted by this call
   */
  async requeue({ id, body, receivedAt, remarks }: LiveCallback): Promise<boolean> {
    if (body === null) return false;
    const payload = parsePayload(body).value;
    const meaning = this.interpreter.interpret(payload);
    if (meaning.state !== 'accepted') return false;
    const { kind } = meaning;
    const strays = remarks?.filter((remark) => remark.startsWith('other-route: ')) ?? [];
    const allRemarks = [...strays, ...meaning.remarks];
    const result = await this.database.writer.requeue({
      id,
      kind,
      occurredAt: meaning.occurredAt?.getTime() ?? null,
      identityDigest: meaning.identityDigest,
      remarks: allRemarks.length === 0 ? null : JSON.stringify(allRemarks),
      deliveries: deliveriesOf(id, meaning.stream, this.listeners.matching(kind)),
    });
    if (result === null) return false;
    if (result.variant) emitSignal('variant', () => ({ id, kind }));
    const facts = { id, receivedAt, attempt: 1, variant: result.variant };
    this.dispatcher.announce(toLiveEvent(facts, meaning, payload));
    this.sweeper.wake();
    return true;
  }
}
