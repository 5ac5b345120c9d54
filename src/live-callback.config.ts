import { resolveKeys } from './config/key.config.js';
import { resolveUnsigned } from './config/kind.config.js';
import { boolean, checkNames, describe, integer, optionalSecret } from './config/option.checks.js';
import { LiveCallbackOptionsError } from './config/option.error.js';
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

const DEFAULT_PATH = 'live-callback';
const DEFAULT_BODY_LIMIT = 262_144;
const MIN_BODY_LIMIT = 65_536;
/** 8 MiB: what every supported database takes with its usual settings. */
const MAX_BODY_LIMIT = 8_388_608;
const MAX_GRACE_SECONDS = 3_600;

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
      MAX_BODY_LIMIT,
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
