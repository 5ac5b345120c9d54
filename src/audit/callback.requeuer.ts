import { Injectable } from '@nestjs/common';

import { ListenerRegistry, LiveEventDispatcher } from '../bus/index.js';
import { EventInterpreter, parsePayload, toLiveEvent } from '../events/index.js';
import { emitSignal } from '../live-callback.signals.js';
import { CallbackDatabase } from './callback.database.js';
import { FIRST_FENCE } from './callback.store.js';
import type { LiveCallback } from './entities/index.js';
import { LEASE_MS, ProcessIdentity } from './process-identity.js';
import { deliveriesOf, streamKeyOf } from './stream-key.js';

/** Gives stored callbacks a second look, after an upgrade that knows more. */
@Injectable()
export class CallbackRequeuer {
  constructor(
    private readonly database: CallbackDatabase,
    private readonly process: ProcessIdentity,
    private readonly interpreter: EventInterpreter,
    private readonly listeners: ListenerRegistry,
    private readonly dispatcher: LiveEventDispatcher,
  ) {}

  /**
   * Accepts and delivers a callback that was unknown or quarantined, if it fits now.
   *
   * @returns whether it was accepted by this call
   */
  async requeue({ id, body, receivedAt, remarks }: LiveCallback): Promise<boolean> {
    const payload = parsePayload(body).value;
    const meaning = this.interpreter.interpret(payload);
    if (meaning.state !== 'accepted') return false;
    const { kind } = meaning;
    const strays = remarks?.filter((remark) => remark.startsWith('other-route: ')) ?? [];
    const allRemarks = [...strays, ...meaning.remarks];
    const result = await this.database.writer.requeue(
      {
        id,
        kind,
        occurredAt: meaning.occurredAt?.getTime() ?? null,
        identityDigest: meaning.identityDigest,
        remarks: allRemarks.length === 0 ? null : JSON.stringify(allRemarks),
        deliveries: deliveriesOf(id, meaning.stream, this.listeners.matching(kind)),
      },
      { owner: this.process.id, milliseconds: LEASE_MS },
    );
    if (result === null) return false;
    if (result.variant) emitSignal('variant', () => ({ id, kind }));
    const facts = { id, receivedAt, attempt: 1, variant: result.variant };
    const event = toLiveEvent(facts, meaning, payload);
    this.dispatcher.announce(event);
    this.dispatcher.dispatch(event, {
      listeners: result.leased,
      streamKey: streamKeyOf(meaning.stream),
      fence: FIRST_FENCE,
      isCounted: true,
    });
    return true;
  }
}
