import { Injectable } from '@nestjs/common';

import { ListenerRegistry, LiveEventDispatcher } from '../bus/index.js';
import { EventInterpreter, parsePayload, toLiveEvent } from '../events/index.js';
import { emitSignal } from '../live-callback.signals.js';
import { CallbackDatabase } from './callback.database.js';
import { FIRST_FENCE, LEASE_MS } from './callback.store.js';
import type { LiveCallback } from './entities/index.js';
import { ProcessIdentity } from './process-identity.js';
import { streamKeyOf } from './stream-key.js';

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
    const streamKey = streamKeyOf(meaning.stream);
    const result = await this.database.writer.requeue(
      {
        id,
        kind,
        occurredAt: meaning.occurredAt?.getTime() ?? null,
        identityDigest: meaning.identityDigest,
        remarks: allRemarks.length === 0 ? null : JSON.stringify(allRemarks),
        streamKey,
        listeners: this.listeners.matching(kind).map((listener) => listener.id),
      },
      { owner: this.process.id, milliseconds: LEASE_MS },
    );
    if (result === null) return false;
    if (result.variant) emitSignal('variant', () => ({ id, kind }));
    const facts = { id, receivedAt, attempt: 1, variant: result.variant };
    this.dispatcher.dispatch(toLiveEvent(facts, meaning, payload), {
      listeners: result.listeners,
      streamKey,
      fence: FIRST_FENCE,
    });
    return true;
  }
}
