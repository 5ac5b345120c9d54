import { Injectable } from '@nestjs/common';
import { OnLiveEvent, type LiveEvent, type LiveEventContext } from 'nestjs-live-callback';
import { In } from 'typeorm';

import { Broadcast } from './broadcast.entity.js';

type SessionEvent = LiveEvent<'session-started' | 'session-ended' | 'session-corrected'>;

/** Keeps the history of each room: the last event of a session says how it is. */
@Injectable()
export class BroadcastsListener {
  @OnLiveEvent(['session-started', 'session-ended', 'session-corrected'], {
    id: 'broadcasts',
    transactional: true,
  })
  async keep({ data: { session, merged } }: SessionEvent, { manager }: LiveEventContext) {
    const broadcasts = manager.getRepository(Broadcast);
    await broadcasts.delete({ sessionId: In(merged) });
    await broadcasts.save({
      sessionId: session.id,
      room: session.stream.name!,
      startedAt: session.startedAt,
      endedAt: session.endedAt,
      endReason: session.endReason?.id ?? null,
    });
  }
}
