import type { CallbackFields } from '../../testing/callback-fields.js';
import type { EmulatedSession } from '../stream.history.js';

/*
 * The spellings in which CSS names a stream: each kind has one of them.
 */

/** Stream and channel; all that the AI kinds say. */
export function byName({ streamName }: EmulatedSession): CallbackFields {
  return { stream_id: streamName, channel_id: streamName };
}

/** `app` and `appname`. */
export function byApp(session: EmulatedSession): CallbackFields {
  const { appId, domain, appName, streamParam } = session;
  const place = { appid: appId, app: domain, appname: appName, stream_param: streamParam };
  return { ...place, ...byName(session) };
}

/** `domain` and `path`. */
export function byPath({ appId, domain, appName, streamName }: EmulatedSession): CallbackFields {
  return { appid: appId, domain, path: appName, stream_id: streamName };
}

/** `domain` and `appname`. */
export function byAppName({ appId, domain, appName, streamName }: EmulatedSession): CallbackFields {
  return { appid: appId, domain, appname: appName, stream_id: streamName };
}

/** Unix milliseconds to Unix seconds, as CSS cuts them. */
export function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
