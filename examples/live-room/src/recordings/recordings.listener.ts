import { Injectable } from '@nestjs/common';
import { OnLiveEvent, type LiveEvent, type LiveEventContext } from 'nestjs-live-callback';

import { Recording } from './recording.entity.js';

@Injectable()
export class RecordingsListener {
  @OnLiveEvent('record-file', { id: 'recordings', transactional: true })
  async keep(event: LiveEvent<'record-file'>, { manager }: LiveEventContext) {
    const { id, stream, data, occurredAt, receivedAt } = event;
    await manager.insert(Recording, {
      eventId: id,
      room: stream.name!,
      // CSS may leave out any field.
      url: data.video_url ?? null,
      seconds: data.duration ?? null,
      recordedAt: occurredAt ?? receivedAt,
    });
  }
}
