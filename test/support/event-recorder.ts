import { Injectable } from '@nestjs/common';

import { OnLiveEvent, type LiveEvent } from '../../src/index.js';

/** Keeps every event of its application. */
@Injectable()
export class EventRecorder {
  readonly events: LiveEvent[] = [];

  @OnLiveEvent('*')
  onEvent(event: LiveEvent): void {
    this.events.push(event);
  }
}
