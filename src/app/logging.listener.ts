import { Injectable, Logger } from '@nestjs/common';

import { OnLiveEvent, type LiveEvent } from '../index.js';

/** The listener of the reference application: logs what it gets at `LOG_LEVEL=debug`. Replace it by your own. */
@Injectable()
export class LoggingListener {
  private readonly logger = new Logger('Listener');

  @OnLiveEvent('*', { id: 'log' })
  onEvent(event: LiveEvent): void {
    this.logger.debug(`${event.kind} ${placeOf(event)}${detailOf(event)}`);
  }
}

function placeOf({ stream }: LiveEvent): string {
  return [stream.domain, stream.path, stream.name].filter((part) => part !== null).join('/');
}

/** A few fields per kind; `switch` on `kind` gives `data` its type. */
function detailOf(event: LiveEvent): string {
  switch (event.kind) {
    case 'stream-push':
      return `, push ${event.data.sequence ?? '?'} from ${event.data.user_ip ?? 'unknown'}`;
    case 'stream-interrupt':
      return `, push ${event.data.sequence ?? '?'} ended after ${event.data.push_duration ?? '?'} ms, errcode ${event.data.errcode ?? '?'}`;
    case 'screenshot':
      return `, ${event.data.width ?? '?'}x${event.data.height ?? '?'} ${event.data.pic_url ?? '?'}`;
    case 'image-audit':
      return `, ${event.data.suggestion ?? '?'}: ${event.data.label ?? '?'} (score ${event.data.score?.join(', ') ?? '?'})`;
    case 'record-file':
      return `, ${event.data.file_format ?? '?'} of ${event.data.duration ?? '?'} s: ${event.data.video_url ?? '?'}`;
    default:
      return '';
  }
}
