import type { EvidenceSource } from '../../events/session-event.js';
import { pushIdOf, streamKeyOf, type PushEvidence } from '../../sessions/push.evidence.js';
import type { PushFacts } from '../../sessions/push.facts.js';
import type { CloudStream, EndedPush } from '../reading/cloud.rows.js';
import type { KnownPush } from './known.pushes.js';

/** Makes evidence for sessions of what the cloud says. */
export class CloudEvidence {
  constructor(private readonly registration: string) {}

  /** A push has begun, of which no callback and no sequence is known. */
  begun(stream: CloudStream, startedAt: number, source: EvidenceSource): PushEvidence {
    return this.of(stream, inventedSequence(startedAt), {
      start: { value: startedAt, source },
    });
  }

  /** A push that nobody knew of has begun and ended. */
  over(push: EndedPush): PushEvidence {
    const { start } = this.begun(push, push.startedAt, 'event-list').facts;
    const facts = { ...factsOf(push), ...(start && { start }) };
    return this.of(push, inventedSequence(push.startedAt), facts);
  }

  /** A known push has ended. */
  ended(push: KnownPush, row: EndedPush): PushEvidence {
    return this.of(push.stream, push.sequence, factsOf(row));
  }

  /** A known push has ended after a moment, by all that the cloud says. */
  gone(push: KnownPush, at: number): PushEvidence {
    const end = { at, durationMs: null, errcode: null };
    return this.of(push.stream, push.sequence, { end: { value: end, source: 'online-list' } });
  }

  /** A push that was thought to have ended is live. */
  seen(push: KnownPush, at: number): PushEvidence {
    return this.of(push.stream, push.sequence, { seen: { value: at, source: 'online-list' } });
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

/** No sequence of CSS looks like this, and the same push gets the same one. */
function inventedSequence(startedAt: number): string {
  return `~${Math.floor(startedAt / 1000)}`;
}

function factsOf({ startedAt, endedAt, clientIp }: EndedPush): PushFacts {
  const source = 'event-list';
  const end = { at: endedAt, durationMs: endedAt - startedAt, errcode: null };
  return {
    end: { value: end, source },
    ...(clientIp !== null && { userIp: { value: clientIp, source } }),
  };
}
