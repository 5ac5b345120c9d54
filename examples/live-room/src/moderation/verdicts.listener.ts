import { Injectable } from '@nestjs/common';
import { OnLiveEvent, type LiveEvent, type LiveEventContext } from 'nestjs-live-callback';

import { Verdict } from './verdict.entity.js';

@Injectable()
export class VerdictsListener {
  @OnLiveEvent('image-audit', { id: 'verdicts', transactional: true })
  async keep(event: LiveEvent<'image-audit'>, { manager }: LiveEventContext) {
    const { id, stream, data, occurredAt, receivedAt } = event;
    await manager.insert(Verdict, {
      eventId: id,
      room: stream.name!,
      suggestion: data.suggestion ?? null,
      label: data.label ?? null,
      picture: data.img ?? null,
      foundAt: occurredAt ?? receivedAt,
    });
  }
}
