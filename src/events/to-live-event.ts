import type { Interpretation } from './event-interpreter.js';
import type { LiveEvent, LiveEventOrigin, LiveEventReplay } from './live-event.js';
import type { JsonObject } from './payload/payload.js';

/** What a row adds to the meaning of its payload. */
export interface EventFacts {
  readonly id: string;
  readonly registration: string;
  /** Default: `callback`. */
  readonly origin?: LiveEventOrigin;
  readonly receivedAt: Date;
  readonly attempt: number;
  readonly conflicting: boolean;
  /** Left out by what CSS has sent. */
  readonly reconciled?: true;
  /** Default: null, for an event that was not replayed. */
  readonly replay?: LiveEventReplay | null;
  /** Default: null, for one that nobody traced. */
  readonly traceparent?: string | null;
}

/** The event that an interpreted payload is for listeners. */
export function toLiveEvent(
  facts: EventFacts,
  {
    kind,
    stream,
    occurredAt,
    data,
  }: Pick<Interpretation, 'kind' | 'stream' | 'occurredAt' | 'data'>,
  raw: JsonObject,
): LiveEvent {
  return Object.freeze({
    origin: 'callback',
    replay: null,
    traceparent: null,
    ...facts,
    kind,
    stream,
    occurredAt,
    data,
    raw,
  }) as LiveEvent;
}
