import { randomInt } from 'node:crypto';

/** The callback keys of one template. */
export interface KeyRingEntry {
  /** The key that the template has. */
  readonly current: string;
  /** The key that it is about to get: a rotation is under way. */
  readonly next?: string;
  /** Keys that it had; callbacks signed with them may still come. */
  readonly retiring?: readonly RetiringKey[];
}

/** A key that is accepted for some time yet. */
export interface RetiringKey {
  readonly key: string;
  /** Unix milliseconds. */
  readonly until: number;
}

/** Keeps the callback keys of templates: a {@link KeyRingFile}, or your own secret store. */
export interface KeyRing {
  /** Undefined for a template without keys. */
  read(template: string): Promise<KeyRingEntry | undefined>;
  /** Resolves when the entry is durable and every receiver accepts its keys. */
  write(template: string, entry: KeyRingEntry): Promise<void>;
}

const MINUTE_MS = 60_000;
/** How long a change may take to reach every node of the cloud (doc 267/31065). */
const PROPAGATION_MS = 10 * MINUTE_MS;
/** How long CSS repeats a callback that the last node sent by the old key: 16 minutes, rounded up. */
const PATIENCE_MS = 20 * MINUTE_MS;

/** How long after a change of its key a template's old one is still needed, ms. */
export const OLD_KEY_MS = PROPAGATION_MS + PATIENCE_MS;
/** The same for people. */
export const OLD_KEY_MINUTES = OLD_KEY_MS / MINUTE_MS;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** How many of them are letters; they come first. */
const LETTERS = 52;
/** The most that the cloud takes. */
const KEY_LENGTH = 32;

/** The keys with which a callback may be signed now. */
export function acceptedKeys(
  { current, next, retiring = [] }: KeyRingEntry,
  now: number,
): string[] {
  const old = retiring.filter(({ until }) => until > now).map(({ key }) => key);
  return [...new Set([current, ...(next ? [next] : []), ...old])];
}

/** A new key: 32 letters and digits. Ends with a letter, so that no key is another plus digits. */
export function newCallbackKey(): string {
  const start = Array.from({ length: KEY_LENGTH - 1 }, () => pick(ALPHABET.length)).join('');
  return start + pick(LETTERS);
}

function pick(among: number): string {
  return ALPHABET.charAt(randomInt(among));
}
