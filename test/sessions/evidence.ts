import type { EvidenceSource } from '../../src/index.js';
import { evidenceOf, pushIdOf, type PushEvidence } from '../../src/sessions/push.evidence.js';

/** The stream that evidence is of. */
export const STREAM = { appId: '12345678', domain: 'push.example.com', path: 'live', name: 'room' };

/** When all of it came that did not happen later, Unix milliseconds. */
const RECEIVED = 4_000_000;

/** A push that began. @param at seconds */
export function began(sequence: string, at: number): PushEvidence {
  return callback('stream-push', sequence, at, { node: '192.0.2.10', width: 0, height: 0 });
}

/** Its interruption. @param at seconds @param duration seconds */
export function ended(
  sequence: string,
  at: number,
  duration: number | undefined,
  errcode = 1,
): PushEvidence {
  return callback('stream-interrupt', sequence, at, {
    errcode,
    width: 1280,
    height: 720,
    ...(duration !== undefined && { push_duration: duration * 1000 }),
  });
}

/** What the API of the cloud says. @param from seconds @param to seconds; null while it is pushed */
export function listed(
  sequence: string,
  from: number,
  to: number | null,
  source: EvidenceSource = 'event-list',
): PushEvidence {
  const end = to === null ? {} : { end: { value: endAt(to), source } };
  return {
    ...began(sequence, from),
    id: pushIdOf('default', STREAM, sequence),
    facts: { start: { value: from * 1000, source }, ...end },
  };
}

/** It is missing from what is live. */
export function gone(sequence: string, at: number): PushEvidence {
  const end = { value: endAt(at), source: 'online-list' as const };
  return { ...began(sequence, at), facts: { end } };
}

/** It is unconfirmed since then. */
export function missed(sequence: string, at: number): PushEvidence {
  return {
    ...began(sequence, at),
    facts: { absent: { value: at * 1000, source: 'online-list' } },
  };
}

/** It is live after all. */
export function seen(sequence: string, at: number): PushEvidence {
  return {
    ...began(sequence, at),
    facts: { seen: { value: at * 1000, source: 'online-list' } },
  };
}

const endAt = (to: number) => ({ at: to * 1000, durationMs: null, errcode: null });

function callback(
  kind: 'stream-push' | 'stream-interrupt',
  sequence: string,
  at: number,
  data: object,
): PushEvidence {
  return evidenceOf({
    registration: 'default',
    origin: 'callback',
    kind,
    stream: STREAM,
    occurredAt: new Date(at * 1000),
    receivedAt: new Date(Math.max(RECEIVED, at * 1000)),
    data: { event_type: kind === 'stream-push' ? 1 : 0, stream_id: STREAM.name, sequence, ...data },
  })!;
}

/** Six pieces of evidence of up to three pushes, in some of the ways in which they can lie. */
export const HISTORIES: Record<string, readonly PushEvidence[]> = {
  'pushes one after the other, one within the window and one after it': [
    began('a', 100),
    ended('a', 150, 50),
    began('b', 200),
    ended('b', 210, 10),
    began('c', 300),
    ended('c', 310, 10),
  ],
  'a main and a backup push, and one that takes over': [
    began('a', 100),
    ended('a', 300, 200),
    began('b', 110),
    ended('b', 200, 90),
    began('c', 290),
    ended('c', 400, 110),
  ],
  'a push that is told to begin after its end, and ties': [
    began('a', 200),
    ended('a', 190, 0),
    began('b', 200),
    ended('b', 200, 0),
    began('c', 200),
    ended('c', 260, 60),
  ],
  'a gap as long as the window, and one a second longer': [
    began('a', 100),
    ended('a', 110, 10),
    began('b', 170),
    ended('b', 180, 10),
    began('c', 241),
    ended('c', 250, 9),
  ],
  'a push in the gap between two others': [
    began('a', 100),
    ended('a', 110, 10),
    began('b', 220),
    ended('b', 230, 10),
    began('c', 150),
    ended('c', 180, 30),
  ],
  'two interruptions of one push, two beginnings of another': [
    began('a', 100),
    ended('a', 150, 50),
    ended('a', 350, 250, 21),
    began('b', 160),
    began('b', 320),
    ended('b', 330, 10),
  ],
  'evidence of the cloud beside that of CSS': [
    began('a', 100),
    listed('a', 101, 160),
    ended('a', 150, 50),
    listed('b', 190, 300),
    listed('b', 195, null, 'online-list'),
    began('c', 500),
  ],
  'pushes of which a list tells before their callbacks do': [
    listed('~101', 101, null, 'online-list'),
    listed('~101', 101, 160),
    began('a', 100),
    ended('a', 160, 60),
    listed('~200', 200, 210),
    began('b', 198),
  ],
  'two pushes of one second, of which a list tells twice and CSS once': [
    listed('~100', 100, 180),
    listed('~102', 102, 190),
    began('a', 101),
    ended('a', 185, 84),
    began('c', 230),
    ended('c', 240, 10),
  ],
  'a push that is missing, and seen again': [
    began('a', 100),
    gone('a', 150),
    seen('a', 170),
    gone('a', 160),
    began('b', 300),
    ended('b', 310, 10),
  ],
  'a push that is missed, seen again, missed again, and has ended': [
    began('a', 100),
    missed('a', 150),
    seen('a', 170),
    missed('a', 200),
    listed('a', 100, 190),
    missed('b', 300),
  ],
  'interruptions alone, of which durations disagree': [
    ended('a', 150, 50),
    ended('b', 230, 300),
    ended('c', 400, 10),
    ended('a', 150, 149),
    ended('c', 400, 250),
    ended('b', 170, 20),
  ],
};
