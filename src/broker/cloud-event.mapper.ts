import type { CloudEvent as CloudEventType } from 'cloudevents';

import type { StreamIdentity } from '../events/stream-identity.js';
import type { ForwardedEvent } from './live-event-broker.options.js';
import { CloudEvent } from './optional-packages.js';

/** Before the kind, in the attribute `type`. */
const TYPE_PREFIX = 'com.tencent.css.';

/**
 * A live event as CloudEvent 1.0.
 *
 * Every attempt and every replay of an event makes the same `id`, and nothing else in it changes
 * from attempt to attempt.
 *
 * @param withStreamParam whether `stream_param` stays in it
 * @throws ValidationError of cloudevents when `source` is no URI reference
 */
export function toCloudEvent(
  event: ForwardedEvent,
  source: string,
  withStreamParam = false,
): CloudEventType<object> {
  const {
    id,
    kind,
    stream,
    occurredAt,
    receivedAt,
    conflicting,
    reconciled = false,
    replay,
  } = event;
  const subject = subjectOf(stream);
  return new CloudEvent<object>({
    id,
    source,
    type: TYPE_PREFIX + kind,
    time: (occurredAt ?? receivedAt).toISOString(),
    datacontenttype: 'application/json',
    ...(subject === '' ? {} : { subject, partitionkey: subject }),
    data: {
      id,
      kind,
      stream,
      occurredAt,
      receivedAt,
      conflicting,
      reconciled,
      replay,
      data: withoutCredentials(event.data, withStreamParam),
    },
  });
}

/** `domain/path/name`, each part percent-encoded, so that two streams never share one. */
function subjectOf({ domain, path, name }: StreamIdentity): string {
  return [domain, path, name]
    .filter((part) => part !== null)
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');
}

/**
 * The pair authorises any body until it expires; only kinds without a DTO of ours still hold it. With
 * `stream_param`, the query of the push URL, whoever consumes events could push in the name of another.
 */
function withoutCredentials(data: object, withStreamParam: boolean): object {
  const { t: _t, sign: _sign, ...rest } = data as { t?: unknown; sign?: unknown };
  if (withStreamParam || !('stream_param' in rest)) return rest;
  const { stream_param: _streamParam, ...others } = rest as { stream_param: unknown };
  return others;
}
