import { eventTypeOf } from '../event-type.js';
import type { JsonObject } from './payload.js';

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
/** Keys of a shape that is remembered, which is twice what CSS sends: wide bodies would stay in memory. */
const MAX_KEYS = 128;
const MAX_SHAPE_LENGTH = 4_096;

/** That of a payload. */
export function shapeOf(payload: JsonObject): Shape {
  const type = eventTypeOf(payload['event_type']);
  const keys = Object.keys(payload);
  const known = SHAPES.get(type);
  if (known && hasKeys(known, keys)) return known;
  const names = keys.filter((name) => name !== 't' && name !== 'sign').toSorted();
  const shape = { keys, names, text: JSON.stringify(names) };
  if (keys.length <= MAX_KEYS && shape.text.length <= MAX_SHAPE_LENGTH) {
    if (SHAPES.size >= MAX_SHAPES) SHAPES.clear();
    SHAPES.set(type, shape);
  }
  return shape;
}

function hasKeys({ keys }: Shape, others: readonly string[]): boolean {
  if (keys.length !== others.length) return false;
  for (let n = 0; n < keys.length; n++) if (keys[n] !== others[n]) return false;
  return true;
}
