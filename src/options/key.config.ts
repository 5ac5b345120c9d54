import type {
  BoundCallbackKey,
  CallbackKeyResolver,
  LiveCallbackOptions,
} from './live-callback.options.js';
import { describe } from './option.checks.js';
import { LiveCallbackOptionsError } from './option.error.js';

/**
 * Marks a function that knows its keys at once and to the moment, as that of a key ring: it is asked each
 * time.
 */
export const ASK_EACH_TIME = Symbol('ASK_EACH_TIME');

/** A pair (t, sign) allows guessing the key offline; eight characters fall in minutes. */
const SHORTEST_KEY = 8;
const SHORT_KEY = 16;

/**
 * Checks one key and gives it its full form.
 *
 * @throws LiveCallbackOptionsError
 */
export function resolveKey(path: string, value: unknown): BoundCallbackKey {
  const isBound = typeof value === 'object' && value !== null;
  const { key, domain, appId } = (isBound ? value : { key: value }) as Record<string, unknown>;
  const keyPath = isBound ? `${path}.key` : path;
  if (typeof key !== 'string' || key === '') {
    throw new LiveCallbackOptionsError(
      keyPath,
      `must be a non-empty string, not ${typeof key === 'number' ? 'a number' : describe(key)}. Without a key nothing can be verified, so there is no start.`,
    );
  }
  if (key !== key.trim()) {
    throw new LiveCallbackOptionsError(
      keyPath,
      'begins or ends with white space; copy the key without it.',
    );
  }
  if (key.length < SHORTEST_KEY) {
    throw new LiveCallbackOptionsError(
      keyPath,
      `has ${key.length} characters; one observed callback is enough to guess so short a key. Set one of ${SHORT_KEY} to 32 letters and digits in the callback template.`,
    );
  }
  for (const [name, bound] of Object.entries({ domain, appId })) {
    if (bound !== undefined && (typeof bound !== 'string' || bound === '')) {
      throw new LiveCallbackOptionsError(
        `${path}.${name}`,
        `must be a non-empty string, not ${describe(bound)}.`,
      );
    }
  }
  return Object.freeze({
    key,
    ...(domain !== undefined && { domain: (domain as string).toLowerCase() }),
    ...(appId !== undefined && { appId: appId as string }),
  });
}

/**
 * Checks the option `keys`; what is permitted but unwise is added to the warnings.
 *
 * @throws LiveCallbackOptionsError
 */
export function resolveKeys(
  keys: LiveCallbackOptions['keys'],
  warnings: string[],
): readonly BoundCallbackKey[] | CallbackKeyResolver {
  if (typeof keys === 'function') return keys;
  const isList = Array.isArray(keys);
  const list: readonly unknown[] = isList ? keys : [keys];
  if (list.length === 0) {
    throw new LiveCallbackOptionsError(
      'keys',
      'is empty. Without a key nothing can be verified, so there is no start.',
    );
  }
  const resolved = list.map((key, index) => resolveKey(isList ? `keys[${index}]` : 'keys', key));
  resolved.forEach(({ key }, index) => {
    const path = isList ? `keys[${index}]` : 'keys';
    if (key.length < SHORT_KEY) {
      warnings.push(`${path} has ${key.length} characters; ${SHORT_KEY} or more resist guessing.`);
    }
    // Nothing separates key and t in the signed text: "K9" + t is "K" + "9t".
    const other = resolved.findIndex(
      (shorter) =>
        shorter.key !== key &&
        key.startsWith(shorter.key) &&
        /^\d+$/.test(key.slice(shorter.key.length)),
    );
    if (other >= 0) {
      throw new LiveCallbackOptionsError(
        path,
        `is keys[${other}] plus digits; the signatures of two such keys can be confused. Choose another.`,
      );
    }
  });
  return Object.freeze(resolved);
}
