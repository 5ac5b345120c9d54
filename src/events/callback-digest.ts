import { hash } from 'node:crypto';

import type { JsonObject, JsonValue } from './payload.js';

/**
 * Digest of what a callback says: its payload without the pair `t` and `sign`, which a retry may
 * renew, whatever the order of its keys and its white space.
 */
export function contentDigest(payload: JsonObject): string {
  const names = Object.keys(payload).filter((name) => name !== 't' && name !== 'sign');
  names.sort();
  const values = names.map((name) => payload[name] as JsonValue);
  // Two calls into the engine for a body without nesting, which most are, in place of one per value.
  return digest(
    values.every(isPlain)
      ? JSON.stringify([names, values])
      : `{${names.map((name, index) => member(name, values[index] as JsonValue)).join(',')}}`,
  );
}

/** Digest of the fields that make a callback this event and no other. */
export function identityDigest(kind: string, identity: readonly unknown[]): string {
  return digest(JSON.stringify([kind, ...identity.map((part) => part ?? null)]));
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url');
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
