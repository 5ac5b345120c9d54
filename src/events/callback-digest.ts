import { hash } from 'node:crypto';

import type { JsonObject, JsonValue } from './payload.js';

/**
 * Digest of what a callback says: its payload without the pair `t` and `sign`, which a retry may
 * renew, whatever the order of its keys and its white space.
 */
export function contentDigest(payload: JsonObject): string {
  const { t: _t, sign: _sign, ...content } = payload;
  return digest(canonical(content));
}

/** Digest of the fields that make a callback this event and no other. */
export function identityDigest(kind: string, identity: readonly unknown[]): string {
  return digest(JSON.stringify([kind, ...identity.map((part) => part ?? null)]));
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}

function canonical(value: JsonValue): string {
  if (typeof value === 'number') return String(value); // JSON.stringify makes null of an infinity
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key] as JsonValue)}`);
  return `{${members.join(',')}}`;
}
