import { Injectable } from '@nestjs/common';

import { NonRetryableError, OnLiveEvent, type LiveEvent } from '../index.js';

/** Gives every hit of moderation up, until it is replayed: the demo has a dead letter to show. */
@Injectable()
export class DemoListener {
  @OnLiveEvent('image-audit', { id: 'moderation-demo' })
  onHit(event: LiveEvent<'image-audit'>): void {
    if (event.replay) return;
    throw new NonRetryableError(
      'The queue of the moderators is closed. Replay this in the console.',
    );
  }
}
