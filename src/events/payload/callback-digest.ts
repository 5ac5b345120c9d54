import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { oddityOf } from './odd-body.js';
import type { JsonObject, JsonValue } from './payload.js';
import { shapeOf } from './payload.shape.js';

/** Fields of the sender's envelopes that say when it was, the first that is there counts. */
const TIMES = 'event_time,end_time,create_time,screenshotTime,timestamp,data_time'.split(',');

/**
 * Digest of what a callback says: its payload without the pair `t` and `sign`, which a retry may
 * renew, whatever the order of its keys and its white space; of an odd body, that of its text. What two
 * registrations receive is never the same.
 *
 * It begins with the time that the payload names, so that callbacks of one time stand together in an
 * index. Nothing else depends on it: a forger chooses it.
 */
export function contentDigest(registration: string, payload: JsonObject): string {
  const lead = timeOf(payload);
  const oddity = oddityOf(payload);
  if (oddity) return digest(lead, JSON.stringify([registration, oddity.digest]));
  const { names, text } = shapeOf(payload);
  const values = names.map((name) => payload[name] as JsonValue);
  // One call into the engine for a body without nesting, which most are, in place of one per value.
  return digest(
    lead,
    values.every(isPlain)
      ? `${registration}[${text},${JSON.stringify(values)}]`
      : `${registration}{${names.map((name, index) => member(name, values[index] as JsonValue)).join(',')}}`,
  );
}

/** In seconds or milliseconds, as sent, and not from a DTO: what a kind is taken for may change. */
function timeOf(payload: JsonObject): number {
  const value = payload[TIMES.find((name) => typeof payload[name] !== 'undefined') ?? ''];
  return typeof value === 'object' ? 0 : Number(value);
}

/**
 * Digest of the fields that make a callback this event and no other; an absent one counts as null. It
 * begins with a hash of the first of them, which events that come together should share: their stream. It
 * must not begin with a time, which a conflicting callback may have another of.
 */
export function identityDigest(
  registration: string,
  kind: string,
  identity: readonly unknown[],
): string {
  return digest(crc32(String(identity[0])), JSON.stringify([registration, kind, ...identity]));
}

/** Digest of a body that is not JSON: each byte counts. */
export function bytesDigest(registration: string, bytes: Buffer): string {
  return digest(0, JSON.stringify([registration, 'bytes', hash('sha256', bytes, 'base64url')]));
}

/**
 * 16 bytes, written as a UUID is: the lead, and 96 bits of a SHA-256.
 *
 * @param lead of which the lowest 32 bits of the integer count
 */
function digest(lead: number, text: string): string {
  const first = (lead >>> 0).toString(16).padStart(8, '0');
  const rest = hash('sha256', text, 'hex');
  return `${first}-${rest.slice(0, 4)}-${rest.slice(4, 8)}-${rest.slice(8, 12)}-${rest.slice(12, 24)}`;
}

/** Whether `JSON.stringify` says all of it; it makes null of an infinity. */
function isPlain(value: JsonValue): boolean {
  return typeof value === 'number' ? Number.isFinite(value) : typeof value !== 'object';
}

function canonical(value: JsonValue): string {
  if (typeof value === 'number') return String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.keys(value)
    .toSorted()
    .map((name) => member(name, value[name] as JsonValue));
  return `{${members.join(',')}}`;
}

function member(name: string, value: JsonValue): string {
  return `${JSON.stringify(name)}:${canonical(value)}`;
}
