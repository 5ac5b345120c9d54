import type { ReconciledOrigin } from '../../events/live-event.js';
import { inventedSequence } from '../../events/push-beginning.js';
import { pushIdOf, streamKeyOf, type PushEvidence } from '../../sessions/push.evidence.js';
import type { PushFacts } from '../../sessions/push.facts.js';
import type { Fields } from '../reading/answer.row.js';
import type { CloudStream, EndedPush } from '../reading/cloud.rows.js';
import type { KnownPush } from './known.pushes.js';
import type { ReconciledEvent } from './reconciled.events.js';

/** What the cloud says of a push, for sessions, and for listeners that no callback has told. */
export interface Finding {
  readonly evidence: PushEvidence;
  readonly events: readonly ReconciledEvent[];
}

/** A push that a list shows as live; times in Unix milliseconds. */
export interface ShownPush {
  readonly stream: CloudStream;
  readonly startedAt: number;
  /** Null where the list says none, or none that is believed. */
  readonly sequence: string | null;
  readonly origin: ReconciledOrigin;
  /** What the list holds of it. */
  readonly row: Fields;
}

/** Makes findings of what the cloud says. */
export class CloudEvidence {
  constructor(private readonly registration: string) {}

  /** A push has begun, of which no callback is known. */
  begun(push: ShownPush): Finding {
    const { stream, startedAt, origin } = push;
    const sequence = push.sequence ?? inventedSequence(startedAt);
    const start = { value: startedAt, source: origin };
    return {
      evidence: this.of(stream, sequence, { start }),
      events: [pushOf(push, sequence)],
    };
  }

  /** A push that nobody knew of has begun and ended. @param known its sequence; null where nothing says it */
  over(row: EndedPush, known: string | null): Finding {
    const { startedAt } = row;
    const stream = streamOf(row);
    const sequence = known ?? inventedSequence(startedAt);
    const origin = 'event-list';
    const start = { value: startedAt, source: origin } as const;
    const shown = { stream, startedAt, sequence, origin, row: row.row } as const;
    return {
      evidence: this.of(stream, sequence, { start, ...endOf(row) }),
      events: [pushOf(shown, sequence, row.clientIp), interruptionOf(row, sequence)],
    };
  }

  /** A known push has ended. */
  ended({ stream, sequence, endedAt }: KnownPush, row: EndedPush): Finding {
    return {
      evidence: this.of(stream, sequence, endOf(row)),
      // Who was told of an end already need not know it better.
      events: endedAt === null ? [interruptionOf(row, sequence)] : [],
    };
  }

  /** A known push has ended after a moment, by all that the cloud says. */
  gone({ stream, sequence, startedAt }: KnownPush, at: number): Finding {
    const end = { at, durationMs: null, errcode: null };
    return {
      evidence: this.of(stream, sequence, { end: { value: end, source: 'online-list' } }),
      events: [
        {
          kind: 'stream-interrupt',
          stream,
          sequence,
          at,
          durationMs: at - startedAt,
          clientIp: null,
          origin: 'online-list',
          row: { StreamState: 'inactive' },
        },
      ],
    };
  }

  /** A push that was missed, or thought to have ended, is live at a moment. */
  seen({ stream, sequence, endedAt }: KnownPush, shown: ShownPush, at: number): Finding {
    const again = { ...shown, stream, startedAt: at };
    return {
      evidence: this.of(stream, sequence, { seen: { value: at, source: shown.origin } }),
      events: endedAt === null ? [] : [pushOf(again, sequence)],
    };
  }

  /** A push that should be live is in no list of what is, since a moment. */
  missed({ stream, sequence }: KnownPush, since: number): Finding {
    const absent = { value: since, source: 'online-list' } as const;
    return { evidence: this.of(stream, sequence, { absent }), events: [] };
  }

  private of(stream: CloudStream, sequence: string, facts: PushFacts): PushEvidence {
    const identity = { appId: null, domain: stream.domain, path: stream.path, name: stream.name };
    const id = pushIdOf(this.registration, identity, sequence);
    return {
      id,
      streamKey: streamKeyOf(this.registration, identity),
      stream: identity,
      sequence,
      facts,
    };
  }
}

function pushOf(
  { stream, startedAt: at, origin, row }: ShownPush,
  sequence: string,
  clientIp: string | null = null,
): ReconciledEvent {
  return { kind: 'stream-push', stream, sequence, at, durationMs: null, clientIp, origin, row };
}

function interruptionOf(push: EndedPush, sequence: string): ReconciledEvent {
  const { startedAt, endedAt: at, clientIp, row } = push;
  return {
    kind: 'stream-interrupt',
    stream: streamOf(push),
    sequence,
    at,
    durationMs: at - startedAt,
    clientIp,
    origin: 'event-list',
    row,
  };
}

function endOf({ startedAt, endedAt }: EndedPush): PushFacts {
  const end = { at: endedAt, durationMs: endedAt - startedAt, errcode: null };
  return { end: { value: end, source: 'event-list' } };
}

function streamOf({ domain, path, name }: CloudStream): CloudStream {
  return { domain, path, name };
}
