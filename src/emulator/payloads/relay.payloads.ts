import type { CallbackFields } from '../../testing/callback-fields.js';
import { relayCallback } from '../../testing/service-callback-builders.js';
import { toSeconds } from './envelope.js';

/** A relay (pull and push) task, as its callbacks name it. */
export interface RelayFacts {
  readonly appId: number;
  readonly taskId: string;
  readonly sourceUrls: readonly string[];
  /** Where it pushes to. */
  readonly toUrl: string;
  readonly streamName: string;
}

/** Something happened to a relay task. */
export function relayPayload(
  { appId, taskId, sourceUrls, toUrl, streamName }: RelayFacts,
  at: number,
  callbackEvent: string,
  message: object,
): CallbackFields {
  const payload = relayCallback({
    appid: appId,
    callback_event: callbackEvent,
    event_time: String(toSeconds(at)),
    msg: JSON.stringify(message),
    source_urls: `${JSON.stringify(sourceUrls)}\n`, // with a newline, as CSS writes it
    stream_id: streamName,
    task_id: taskId,
    to_url: toUrl,
  });
  if (callbackEvent !== 'TaskExit') return payload;
  // The sample of this one names neither task nor stream nor target.
  const { stream_id: _stream, task_id: _task, to_url: _target, ...rest } = payload;
  return rest;
}
