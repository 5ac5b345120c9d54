import { hash } from 'node:crypto';

import { eventTypeOf } from './event-type.js';
import type { JsonObject, JsonValue } from './payload.js';

/**
 * Digest of what a callback says: its payload without the pair `t` and `sign`, which a retry may
 * renew, whatever the order of its keys and its white space.
 */
export function contentDigest(payload: JsonObject): string {
  const { names, text } = shapeOf(payload);
  const values = names.map((name) => payload[name] as JsonValue);
  // One call into the engine for a body without nesting, which most are, in place of one per value.
  return digest(
    values.every(isPlain)
      ? `[${text},${JSON.stringify(values)}]`
      : `{${names.map((name, index) => member(name, values[index] as JsonValue)).join(',')}}`,
  );
}

/** What the keys of a payload come to. */
interface Shape {
  /** The keys in the order in which they came. */
  readonly keys: readonly string[];
  /** Sorted, without the pair. */
  readonly names: readonly string[];
  /** These as JSON. */
  readonly text: string;
}

/** The last shape of each `event_type`: the sender writes a kind in the same way each time. */
const SHAPES = new Map<number | null, Shape>();
const MAX_SHAPES = 64;

function shapeOf(payload: JsonObject): Shape {
  const type = eventTypeOf(payload['event_type']);
  const keys = Object.keys(payload);
  const known = SHAPES.get(type);
  if (known && hasKeys(known, keys)) return known;
  const names = keys.filter((name) => name !== 't' && name !== 'sign').toSorted();
  const shape = { keys, names, text: JSON.stringify(names) };
  if (SHAPES.size >= MAX_SHAPES) SHAPES.clear();
  SHAPES.set(type, shape);
  return shape;
}

function hasKeys({ keys }: Shape, others: readonly string[]): boolean {
  if (keys.length !== others.length) return false;
  for (let n = 0; n < keys.length; n++) if (keys[n] !== others[n]) return false;
  return true;
}

/** Digest of the fields that make a callback this event and no other; an absent one counts as null. */
export function identityDigest(kind: string, identity: readonly unknown[]): string {
  return digest(JSON.stringify([kind, ...identity]));
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
