import type { CustomLiveEvent } from '../events/custom-event.js';
import { UNKNOWN_KIND } from '../events/event-catalog.js';
import { EVENT_DEFINITIONS } from '../events/event-definitions.js';
import type { LiveCallbackOptions } from './live-callback.options.js';
import { integer } from './option.checks.js';
import { LiveCallbackOptionsError } from './option.error.js';

/** Length of the column that holds it. */
const MAX_KIND_LENGTH = 64;
/** Names with a meaning of their own. */
const RESERVED_KINDS: ReadonlySet<string> = new Set([UNKNOWN_KIND, 'audit']);

/**
 * Checks the option `unsigned` and what it needs.
 *
 * @throws LiveCallbackOptionsError
 */
export function resolveUnsigned(
  { unsigned = [], urlToken }: LiveCallbackOptions,
  kinds: readonly string[],
): ReadonlySet<string> {
  if (!Array.isArray(unsigned)) {
    throw new LiveCallbackOptionsError(
      'unsigned',
      'must be a list of kinds: ["relay", "monitor"].',
    );
  }
  unsigned.forEach((kind, index) => {
    if (!kinds.includes(kind)) {
      throw new LiveCallbackOptionsError(
        `unsigned[${index}]`,
        `is no kind. Kinds: ${kinds.join(', ')}.`,
      );
    }
  });
  if (unsigned.length > 0 && urlToken === undefined) {
    throw new LiveCallbackOptionsError(
      'urlToken',
      'is missing: without a signature, a secret in the URL is all that tells CSS from others. Set urlToken, and enter the URLs with ?token=….',
    );
  }
  return new Set(unsigned);
}

/**
 * Checks the host's own kinds against each other and those of CSS.
 *
 * @throws LiveCallbackOptionsError
 */
export function checkKinds(custom: readonly CustomLiveEvent[]): void {
  if (!Array.isArray(custom)) {
    throw new LiveCallbackOptionsError('kinds', 'must be a list made with defineLiveEvent.');
  }
  const known: { kind: string; eventType: number }[] = [...EVENT_DEFINITIONS];
  custom.forEach((event, index) => {
    const path = `kinds[${index}]`;
    const name: unknown = event?.kind;
    const isName = typeof name === 'string' && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name);
    if (!isName || event.kind.length > MAX_KIND_LENGTH) {
      throw new LiveCallbackOptionsError(
        `${path}.kind`,
        `must be lower-case words joined by hyphens, at most ${MAX_KIND_LENGTH} characters, such as "stream-mix".`,
      );
    }
    if (RESERVED_KINDS.has(event.kind) || known.some(({ kind }) => kind === event.kind)) {
      throw new LiveCallbackOptionsError(`${path}.kind`, `"${event.kind}" is taken.`);
    }
    integer(`${path}.eventType`, event.eventType, 0, 2 ** 31 - 1);
    const holder = known.find(({ eventType }) => eventType === event.eventType);
    if (holder) {
      throw new LiveCallbackOptionsError(
        `${path}.eventType`,
        `${event.eventType} belongs to the kind "${holder.kind}".`,
      );
    }
    if (typeof event.dto !== 'function') {
      throw new LiveCallbackOptionsError(
        `${path}.dto`,
        'must be a class with class-validator decorators.',
      );
    }
    known.push(event);
  });
}
