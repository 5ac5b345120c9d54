import { pushErrorMeaning } from '../../events/kinds/push-error/push-error-types.js';
import { interruptMeaning } from '../../events/kinds/stream-interrupt/interrupt-reasons.js';
import { streamInterruptCallback, streamPushCallback } from '../../testing/callback-builders.js';
import type { CallbackFields } from '../../testing/callback-fields.js';
import { pushErrorCallback } from '../../testing/service-callback-builders.js';
import type { EmulatedSession } from '../stream.history.js';
import { byApp, byPath, toSeconds } from './envelope.js';

/** The push of a session has started. */
export function pushPayload(session: EmulatedSession): CallbackFields {
  return streamPushCallback({
    ...pushFields(session),
    event_time: toSeconds(session.startedAt),
  });
}

/** The push of a session was interrupted. */
export function interruptPayload(
  session: EmulatedSession,
  at: number,
  errcode = 1,
): CallbackFields {
  return streamInterruptCallback({
    ...pushFields(session),
    event_time: toSeconds(at),
    push_duration: String(at - session.startedAt),
    errcode,
    errmsg: interruptMessage(errcode),
  });
}

/** What CSS says for people about an `errcode`. Its own wording varies. */
export function interruptMessage(errcode: number): string {
  return interruptMeaning(errcode)?.en ?? 'Unknown reason.';
}

/** How a push misbehaved. */
export interface PushErrorFacts {
  /** Type of the anomaly (docs/protocol.md, 4.9), see `PUSH_ERROR_TYPES`. Default: 6. */
  type?: number;
  /** How often it occurred within the reporting interval. Default: 1. */
  count?: number;
}

/** Anomalies of a push in the reporting interval that ends now. */
export function pushErrorPayload(
  session: EmulatedSession,
  at: number,
  { type = 6, count = 1 }: PushErrorFacts = {},
): CallbackFields {
  const text = pushErrorMeaning(type)?.en ?? 'Unknown anomaly.';
  const interval = 5_000;
  const occurredAt = (index: number) => at - Math.floor((interval * (count - index)) / (count + 1));
  return pushErrorCallback({
    ...byPath(session),
    data_time: at,
    report_interval: interval,
    sequence: session.sequence,
    stream_param: session.streamParam,
    user_ip: session.clientIp,
    abnormal_event: [
      {
        type,
        count,
        event_key: '',
        type_desc_cn: pushErrorMeaning(type)?.zh ?? ' ',
        type_desc_en: text,
        detail: Array.from({ length: count }, (_, index) => ({
          desc: text,
          occur_time: occurredAt(index),
        })),
      },
    ],
  });
}

function pushFields(session: EmulatedSession): CallbackFields {
  const { sequence, clientIp, serverIp, width, height } = session;
  return { ...byApp(session), sequence, user_ip: clientIp, node: serverIp, width, height };
}
