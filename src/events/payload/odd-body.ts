import { createHash, type Hash } from 'node:crypto';

import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  endOfNumber,
  endOfString,
  keyOf,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-lexer.js';

/** What the text of a body says and its parsed value does not. */
export interface Oddity {
  /** Digest of the text without white space and the pair: two texts are never one callback. */
  readonly digest: string;
  /** What was dropped or folded, such as `repeated-key: stream_id`. */
  readonly warnings: readonly string[];
}

const ODDITIES = new WeakMap<object, Oddity>();
const MAX_WARNINGS = 8;
/** What is hashed at one go, characters: each call costs more than a token. */
const PART_LENGTH = 8_192;
const MAX_NAME_LENGTH = 64;

/** Undefined for a payload whose value says all that its text did, as nearly every one does. */
export function oddityOf(payload: object): Oddity | undefined {
  return ODDITIES.get(payload);
}

/**
 * Notes what a parsed value has lost of its text: keys that stand twice or were left out, numbers that
 * are written in another way. Otherwise a body with such additions would be taken for the genuine one.
 * The order of keys counts here: who repeats an odd body repeats its text.
 *
 * @param text valid JSON, an object
 * @returns keys that stand more than once at the top level
 */
export function noteOddity(payload: object, text: string): ReadonlySet<string> {
  const walk = new Walk(text);
  walk.run();
  ODDITIES.set(payload, {
    digest: walk.hash.digest('base64url'),
    warnings: [...walk.warnings].slice(0, MAX_WARNINGS),
  });
  return walk.repeatedKeys;
}

/** Keys of a parsed value, at every level. */
export function countKeys(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  let count = 0;
  if (Array.isArray(value)) for (const one of value) count += countKeys(one);
  else for (const key in value) count += 1 + countKeys((value as Record<string, unknown>)[key]);
  return count;
}

/** An object or a list that the walk is in. */
interface Level {
  /** Null in a list. */
  readonly keys: Set<string> | null;
  /** The key whose value comes. */
  key: string | null;
}

class Walk {
  readonly hash: Hash = createHash('sha256').update('odd');
  readonly warnings = new Set<string>();
  readonly repeatedKeys = new Set<string>();
  private readonly levels: Level[] = [];
  private taken = '';

  constructor(private readonly text: string) {}

  run(): void {
    const { text, levels } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      const level = levels.at(-1);
      if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        this.take(text.charAt(i));
        levels.push({ keys: code === OPEN_BRACE ? new Set() : null, key: null });
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        levels.pop();
        this.take(text.charAt(i));
      } else if (code === COMMA) {
        if (level?.keys) level.key = null;
        // Between members it says nothing, and a pair that is added brings two.
        if (levels.length > 1) this.take(',');
      } else if (code === QUOTE) {
        const end = endOfString(text, i);
        const quoted = text.slice(i, end + 1);
        if (level?.keys && level.key === null) this.enter(level, level.keys, keyOf(quoted));
        this.take(quoted);
        i = end;
      } else if (code > 0x20 && code !== COLON) {
        const end = Math.max(endOfNumber(text, i), i + 1);
        const lexeme = text.slice(i, end);
        if (Math.abs(Number(lexeme)) === Infinity) this.warn('number-out-of-range', level?.key);
        this.take(lexeme);
        i = end - 1;
      }
    }
    this.hashTaken();
  }

  private enter(level: Level, keys: Set<string>, key: string): void {
    level.key = key;
    if (keys.has(key)) {
      this.warn('repeated-key', key);
      if (this.levels.length === 1) this.repeatedKeys.add(key);
    }
    keys.add(key);
    const parent = this.levels.at(-2);
    if (key === '__proto__') this.warn('dropped-key', key);
    if (key === 'prototype' && parent?.key === 'constructor') this.warn('dropped-key', parent.key);
  }

  private warn(what: string, key: string | null | undefined): void {
    if (this.warnings.size < MAX_WARNINGS) {
      this.warnings.add(`${what}: ${(key ?? '').slice(0, MAX_NAME_LENGTH)}`);
    }
  }

  /** A retry may renew the pair. */
  private take(token: string): void {
    const [top] = this.levels;
    if (top?.key === 't' || top?.key === 'sign') return;
    this.taken += `${token}\n`;
    if (this.taken.length > PART_LENGTH) this.hashTaken();
  }

  private hashTaken(): void {
    this.hash.update(this.taken);
    this.taken = '';
  }
}
