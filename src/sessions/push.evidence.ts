import { hash } from 'node:crypto';

import type { StreamStateDto } from '../events/dto/stream-state.dto.js';
import type { LiveEventOrigin } from '../events/live-event.js';
import type { StreamInterruptDto } from '../events/kinds/stream-interrupt/stream-interrupt.dto.js';
import { identityDigest } from '../events/payload/callback-digest.js';
import type { StreamIdentity } from '../events/stream-identity.js';
import type { PushEnd, PushFacts } from './push.facts.js';

/** Kinds of callbacks that are evidence of pushes. */
export const EVIDENCE_KINDS = ['stream-push', 'stream-interrupt'] as const;

/** Something that says something of one push. */
export interface PushEvidence {
  /** Id of the push. */
  readonly id: string;
  /** What sessions of one stream have in common. */
  readonly streamKey: string;
  readonly stream: StreamIdentity;
  readonly sequence: string;
  readonly facts: PushFacts;
}

/** What a callback of {@link EVIDENCE_KINDS} says, and when it came. */
export interface StateCallback {
  readonly registration: string;
  readonly origin: LiveEventOrigin;
  readonly kind: (typeof EVIDENCE_KINDS)[number];
  readonly stream: StreamIdentity;
  readonly occurredAt: Date | null;
  readonly receivedAt: Date;
  readonly data: StreamStateDto;
}

/** A sender that is ahead of this host by more is not believed, ms. */
const MOST_AHEAD_MS = 3_600_000;
/** Longer ago than the cloud remembers anything, ms. */
const LONGEST_AGO_MS = 60 * 86_400_000;
/** A push that is said to have lasted longer is not believed, ms. */
const LONGEST_PUSH_MS = 366 * 86_400_000;
const LARGEST_INT = 2 ** 31 - 1;

/**
 * What a push or an interruption is evidence of; null without a `sequence`, by which alone the two find each
 * other: what cannot be ended is not begun.
 */
export function evidenceOf(callback: StateCallback): PushEvidence | null {
  const { registration, stream, data } = callback;
  const { sequence } = data;
  if (!sequence) return null;
  return {
    id: pushIdOf(registration, stream, sequence),
    streamKey: streamKeyOf(registration, stream),
    stream,
    sequence,
    facts: factsOf(callback),
  };
}

/** What the sessions of a stream have in common. */
export function streamKeyOf(
  registration: string,
  { domain, path, name }: Omit<StreamIdentity, 'appId'>,
): string {
  return identityDigest(registration, 'stream', [name, domain, path]);
}

/** The same sequence on another stream is another push. */
export function pushIdOf(
  registration: string,
  { domain, path, name }: StreamIdentity,
  sequence: string,
): string {
  const bytes = hash(
    'sha256',
    JSON.stringify([registration, 'push', domain, path, name, sequence]),
    'buffer',
  );
  // A UUID of version 8 (RFC 9562): one made in a way of its own.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes
    .toString('hex', 0, 16)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function factsOf(callback: StateCallback): PushFacts {
  const { origin, kind, stream, occurredAt, receivedAt, data } = callback;
  const source = origin === 'callback-record' ? origin : ('callback' as const);
  const { at, isBelieved } = timeOf(occurredAt, receivedAt);
  const timeSource = isBelieved ? source : ('inferred' as const);
  const facts: { -readonly [K in keyof PushFacts]: PushFacts[K] } = {};
  if (stream.appId) facts.appId = { value: stream.appId, source };
  const { width, height } = data;
  // Zero is what is said before the first picture was seen.
  if (isPixels(width) && isPixels(height)) facts.size = { value: { width, height }, source };
  if (kind === 'stream-push') {
    facts.start = { value: at, source: timeSource };
    return facts;
  }
  const end = endOf(at, data);
  facts.end = { value: end, source: timeSource };
  facts.start = { value: at - (end.durationMs ?? 0), source: 'inferred' };
  return facts;
}

function endOf(
  at: number,
  { push_duration, errcode }: StreamStateDto & Pick<Partial<StreamInterruptDto>, 'push_duration'>,
): PushEnd {
  const isBelieved =
    push_duration !== undefined && push_duration >= 0 && push_duration <= LONGEST_PUSH_MS;
  return { at, durationMs: isBelieved ? push_duration : null, errcode: toInt(errcode) };
}

/** A time that cannot be is that of the receipt, and gives way to any that can. */
function timeOf(occurredAt: Date | null, receivedAt: Date) {
  const received = receivedAt.getTime();
  const at = occurredAt?.getTime();
  const isBelieved =
    at !== undefined && at <= received + MOST_AHEAD_MS && at >= received - LONGEST_AGO_MS;
  return { at: isBelieved ? at : received, isBelieved };
}

function isPixels(value: number | undefined): value is number {
  return value !== undefined && value > 0 && value <= LARGEST_INT;
}

function toInt(value: number | undefined): number | null {
  return value !== undefined && Math.abs(value) <= LARGEST_INT ? value : null;
}
