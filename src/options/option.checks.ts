import { LiveCallbackOptionsError } from './option.error.js';

const SHORTEST_SECRET = 16;

/** A secret long enough not to be guessed; null when it is left out. */
export function optionalSecret(path: string, value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'string' || value.length < SHORTEST_SECRET) {
    throw new LiveCallbackOptionsError(
      path,
      `must be a string of at least ${SHORTEST_SECRET} characters; leave it out to do without.`,
    );
  }
  if (!isUrlSafe(value)) {
    throw new LiveCallbackOptionsError(
      path,
      'may hold letters, digits and . _ ~ - only, so that it means the same in a URL, a header and a shell.',
    );
  }
  return value;
}

/** An integer within its range. */
export function integer(path: string, value: unknown, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) {
    return value as number;
  }
  throw new LiveCallbackOptionsError(
    path,
    `must be an integer from ${min} to ${max}, not ${describe(value)}.`,
  );
}

/** A boolean, and nothing that only looks like one. */
export function boolean(path: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new LiveCallbackOptionsError(path, `must be true or false, not ${describe(value)}.`);
}

/** Refuses names that are no options, or that belong elsewhere. */
export function checkNames(
  options: object,
  known: readonly string[],
  elsewhere: readonly string[],
): void {
  for (const name of Object.keys(options)) {
    if (elsewhere.includes(name)) {
      throw new LiveCallbackOptionsError(
        name,
        'shapes modules or routes, which must be known before a factory runs: move it beside useFactory, useClass or useExisting.',
      );
    }
    if (!known.includes(name)) {
      throw new LiveCallbackOptionsError(
        name,
        `is no option of LiveCallbackModule. Options: ${[...known, ...elsewhere].join(', ')}.`,
      );
    }
  }
}

/** What was given, without its content: it may be a secret. */
export function describe(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'number') return String(value);
  if (value === '') return 'an empty string';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function isUrlSafe(text: string): boolean {
  return /^[\w.~-]+$/.test(text);
}
