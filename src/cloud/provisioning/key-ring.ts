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
  /**
   * Runs work while nobody else changes keys, in no process and on no machine: give it where several
   * could provision at once. What a process that was killed held must come free. The work uses the ring
   * that it is given. Default: the option `lockFile` of the provisioner.
   */
  exclusively?<T>(work: (ring: KeyRing) => Promise<T>): Promise<T>;
}

const MINUTE_MS = 60_000;
/** How long a change may take to reach every node of the cloud (docs/protocol.md, 1.2). */
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

/**
 * An entry that accepts whatever disagreeing ones accept, for when the cloud has the key `current`: its
 * callbacks must not be refused, whoever gave it to the cloud.
 */
export function reconciled(
  entries: readonly (KeyRingEntry | undefined)[],
  current: string,
  now: number,
): KeyRingEntry {
  const until = now + OLD_KEY_MS;
  const old = new Map<string, number>();
  for (const entry of entries) {
    for (const one of entry?.retiring ?? []) if (one.until > now) old.set(one.key, one.until);
    for (const key of [entry?.current, entry?.next]) if (key !== undefined) old.set(key, until);
  }
  old.delete(current);
  return { current, retiring: [...old].map(([key, end]) => ({ key, until: end })) };
}

/** A new key: 32 letters and digits. Ends with a letter, so that no key is another plus digits. */
export function newCallbackKey(): string {
  const start = Array.from({ length: KEY_LENGTH - 1 }, () => pick(ALPHABET.length)).join('');
  return start + pick(LETTERS);
}

function pick(among: number): string {
  return ALPHABET.charAt(randomInt(among));
}
