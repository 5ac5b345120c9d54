import { Injectable } from '@nestjs/common';
import { OnLiveEvent, type LiveEvent, type LiveEventContext } from 'nestjs-live-callback';
import { In } from 'typeorm';

import { BillingEntry } from './billing-entry.entity.js';

/** Bills each begun minute that a room was live, exactly once, whatever is killed meanwhile. */
@Injectable()
export class BillingListener {
  /** What is written through `manager` and the completion of the event are one transaction. */
  @OnLiveEvent(['session-ended', 'session-corrected'], { id: 'billing', transactional: true })
  async bill(
    { id, data }: LiveEvent<'session-ended' | 'session-corrected'>,
    { manager }: LiveEventContext,
  ) {
    const { session, merged } = data;
    const ledger = manager.getRepository(BillingEntry);
    // A callback that came late may show that two sessions were one, or how long one really was.
    await ledger.update({ sessionId: In(merged) }, { sessionId: session.id });
    if (session.state !== 'ended') return;
    const billed = (await ledger.sum('minutes', { sessionId: session.id })) ?? 0;
    // CSS tells times in whole seconds: a session of less than one has begun a minute too.
    const minutes = Math.max(1, Math.ceil(session.uptimeMs / 60_000)) - billed;
    if (minutes === 0) return;
    await ledger.insert({
      eventId: id,
      sessionId: session.id,
      room: session.stream.name!,
      minutes,
    });
  }
}
