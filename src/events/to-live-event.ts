import type { Interpretation } from './event-interpreter.js';
import type { LiveEvent, LiveEventReplay } from './live-event.js';
import type { JsonObject } from './payload.js';

/** What a row adds to the meaning of its payload. */
export interface EventFacts {
  readonly id: string;
  readonly receivedAt: Date;
  readonly attempt: number;
  readonly variant: boolean;
  /** Default: null, for an event that was not replayed. */
  readonly replay?: LiveEventReplay | null;
}

/** The event that an interpreted payload is for listeners. */
export function toLiveEvent(
  facts: EventFacts,
  { kind, stream, occurredAt, data }: Interpretation,
  raw: JsonObject,
): LiveEvent {
  return Object.freeze({
    replay: null,
    ...facts,
    kind,
    stream,
    occurredAt,
    data,
    raw,
  }) as LiveEvent;
}
