import { EVENT_DEFINITIONS, UNKNOWN_KIND, type CustomLiveEvent } from './events/index.js';
import type {
  AuditApiOptions,
  BoundCallbackKey,
  CallbackKeyResolver,
  LiveCallbackModuleExtras,
  LiveCallbackOptions,
} from './live-callback.options.js';

/** Token of the resolved {@link LiveCallbackConfig}. */
export const LIVE_CALLBACK_CONFIG = Symbol('LIVE_CALLBACK_CONFIG');

/** What the module reads at run time: the options, checked once and frozen. */
export interface LiveCallbackConfig {
  readonly keys: readonly BoundCallbackKey[] | CallbackKeyResolver;
  readonly urlToken: string | null;
  readonly unsigned: ReadonlySet<string>;
  readonly expiryGraceSeconds: number;
  readonly bodyLimit: number;
  readonly runMigrations: boolean;
  readonly auditToken: string | null;
  readonly clock: () => number;
  /** What is permitted but unwise; logged at start. */
  readonly warnings: readonly string[];
}

/** Thrown at start for an option that cannot be used; the message begins with its path. */
export class LiveCallbackOptionsError extends Error {
  constructor(
    readonly path: string,
    problem: string,
  ) {
    super(`${path} ${problem}`);
    this.name = 'LiveCallbackOptionsError';
  }
}

export const DEFAULT_PATH = 'live-callback';
const DEFAULT_BODY_LIMIT = 262_144;
const MIN_BODY_LIMIT = 65_536;
const MAX_GRACE_SECONDS = 3_600;
/** A pair (t, sign) allows guessing the key offline; eight characters fall in minutes. */
const SHORTEST_KEY = 8;
const SHORT_KEY = 16;
const SHORTEST_SECRET = 16;
/** Length of the column that holds it. */
const MAX_KIND_LENGTH = 64;
/** Names with a meaning of their own. */
const RESERVED_KINDS: ReadonlySet<string> = new Set([UNKNOWN_KIND, 'audit']);

const OPTION_NAMES = [
  'keys',
  'urlToken',
  'unsigned',
  'expiryGraceSeconds',
  'bodyLimit',
  'runMigrations',
  'audit',
  'clock',
];
const EXTRA_NAMES = ['path', 'isGlobal', 'decorators', 'kinds', 'dataSource', 'database'];

/**
 * Checks the options that may come from a factory.
 *
 * @throws LiveCallbackOptionsError
 */
export function resolveConfig(
  options: LiveCallbackOptions,
  kinds: readonly string[],
  hasAuditApi: boolean,
  hasGuards: boolean,
): LiveCallbackConfig {
  checkNames(options, OPTION_NAMES, EXTRA_NAMES);
  const warnings: string[] = [];
  const keys = resolveKeys(options.keys, warnings);
  const auditToken = optionalSecret('audit.token', options.audit?.token);
  if (options.audit?.guards !== undefined && !hasGuards) {
    throw new LiveCallbackOptionsError(
      'audit.guards',
      'shapes routes, which must be known before a factory runs: move it beside useFactory, useClass or useExisting.',
    );
  }
  if (options.audit?.token !== undefined && !hasAuditApi) {
    throw new LiveCallbackOptionsError(
      'audit',
      'comes from a factory, but routes must be known before: add "audit: {}" beside useFactory, useClass or useExisting too.',
    );
  }
  if (hasAuditApi && auditToken === null && !hasGuards) {
    throw new LiveCallbackOptionsError(
      'audit',
      'opens the audit API, so it needs a token or guards: audit: { token: process.env.AUDIT_TOKEN } or audit: { guards: [AdminGuard] }.',
    );
  }
  const clock = options.clock ?? Date.now;
  if (typeof clock !== 'function') {
    throw new LiveCallbackOptionsError('clock', `must be a function, not ${describe(clock)}.`);
  }
  return Object.freeze({
    keys,
    urlToken: optionalSecret('urlToken', options.urlToken),
    unsigned: resolveUnsigned(options, kinds),
    expiryGraceSeconds: integer(
      'expiryGraceSeconds',
      options.expiryGraceSeconds ?? 0,
      0,
      MAX_GRACE_SECONDS,
    ),
    bodyLimit: integer(
      'bodyLimit',
      options.bodyLimit ?? DEFAULT_BODY_LIMIT,
      MIN_BODY_LIMIT,
      64 * 1024 * 1024,
    ),
    runMigrations: boolean('runMigrations', options.runMigrations ?? true),
    auditToken,
    clock,
    warnings: Object.freeze(warnings),
  });
}

/**
 * Checks the options that shape modules and routes.
 *
 * @returns the base path without slashes at its ends
 * @throws LiveCallbackOptionsError
 */
export function resolvePath(
  { path = DEFAULT_PATH, decorators = [], dataSource, database }: LiveCallbackModuleExtras,
  audit?: AuditApiOptions,
): string {
  const trimmed = typeof path === 'string' ? path.replace(/^\/+|\/+$/g, '') : path;
  if (typeof trimmed !== 'string' || !/^[\w.~-]+(\/[\w.~-]+)*$/.test(trimmed)) {
    throw new LiveCallbackOptionsError(
      'path',
      `must be one or more plain segments such as "live-callback", not ${describe(path)}.`,
    );
  }
  if (
    !Array.isArray(decorators) ||
    decorators.some((decorator) => typeof decorator !== 'function')
  ) {
    throw new LiveCallbackOptionsError(
      'decorators',
      'must be a list of class decorators, called where they are factories: [Public()].',
    );
  }
  if (dataSource !== undefined && (typeof dataSource !== 'string' || dataSource === '')) {
    throw new LiveCallbackOptionsError(
      'dataSource',
      `must be the name of a DataSource, not ${describe(dataSource)}.`,
    );
  }
  if (
    database !== undefined &&
    (typeof database !== 'object' || database === null || typeof database.type !== 'string')
  ) {
    throw new LiveCallbackOptionsError(
      'database',
      'must be TypeORM DataSourceOptions such as { type: "better-sqlite3", database: "data/live-callback.db" }.',
    );
  }
  const guards = audit?.guards ?? [];
  if (!Array.isArray(guards) || guards.some((guard) => typeof guard !== 'function')) {
    throw new LiveCallbackOptionsError('audit.guards', 'must be a list of guard classes.');
  }
  return trimmed;
}

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

function resolveKeys(
  keys: LiveCallbackOptions['keys'],
  warnings: string[],
): LiveCallbackConfig['keys'] {
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

function resolveUnsigned(
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

function optionalSecret(path: string, value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'string' || value.length < SHORTEST_SECRET) {
    throw new LiveCallbackOptionsError(
      path,
      `must be a string of at least ${SHORTEST_SECRET} characters; leave it out to do without.`,
    );
  }
  return value;
}

function integer(path: string, value: unknown, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) {
    return value as number;
  }
  throw new LiveCallbackOptionsError(
    path,
    `must be an integer from ${min} to ${max}, not ${describe(value)}.`,
  );
}

function boolean(path: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new LiveCallbackOptionsError(path, `must be true or false, not ${describe(value)}.`);
}

function checkNames(options: object, known: readonly string[], elsewhere: readonly string[]): void {
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
function describe(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'number') return String(value);
  if (value === '') return 'an empty string';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
