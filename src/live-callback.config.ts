import { resolveKeys } from './config/key.config.js';
import { resolveUnsigned } from './config/kind.config.js';
import { boolean, checkNames, describe, integer, optionalSecret } from './config/option.checks.js';
import { LiveCallbackOptionsError } from './config/option.error.js';
import { resolveRetention, type ResolvedRetention } from './config/retention.config.js';
import type {
  AuditApiOptions,
  BoundCallbackKey,
  CallbackKeyResolver,
  LiveCallbackModuleExtras,
  LiveCallbackOptions,
  LiveCallbackRole,
} from './live-callback.options.js';

/** Token of the resolved {@link LiveCallbackConfig}. */
export const LIVE_CALLBACK_CONFIG = Symbol('LIVE_CALLBACK_CONFIG');

/** What is known of a registration when the module is imported. */
export interface LiveCallbackShape {
  /** Base path, without slashes at its ends. */
  readonly path: string;
  readonly role: LiveCallbackRole;
}

/** What the module reads at run time: the options, checked once and frozen. */
export interface LiveCallbackConfig extends LiveCallbackShape {
  readonly keys: readonly BoundCallbackKey[] | CallbackKeyResolver;
  readonly urlToken: string | null;
  readonly unsigned: ReadonlySet<string>;
  readonly expiryGraceSeconds: number;
  readonly bodyLimit: number;
  readonly runMigrations: boolean;
  readonly spool: { readonly path: string } | null;
  readonly auditToken: string | null;
  /** Null: nothing is purged by itself. */
  readonly retention: ResolvedRetention | null;
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
  'spool',
  'audit',
  'retention',
  'clock',
];
const EXTRA_NAMES = ['path', 'role', 'isGlobal', 'decorators', 'kinds', 'dataSource', 'database'];
const ROLES: readonly unknown[] = ['all', 'intake', 'worker'];

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
  shape: LiveCallbackShape,
): LiveCallbackConfig {
  checkNames(options, OPTION_NAMES, EXTRA_NAMES);
  const warnings: string[] = [];
  const isWorker = shape.role === 'worker';
  // Without keys the guard, which a worker may still use for routes of its own, refuses everything.
  const keys = isWorker && options.keys === undefined ? [] : resolveKeys(options.keys, warnings);
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
    ...shape,
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
    // The file belongs to the process that receives.
    spool: isWorker ? null : resolveSpool(options.spool),
    auditToken,
    retention: resolveRetention(options.retention),
    clock,
    warnings: Object.freeze(warnings),
  });
}

function resolveSpool(spool: unknown): { readonly path: string } | null {
  if (spool === undefined || spool === null) return null;
  const { path, ...rest } = Object(spool) as { path?: unknown };
  const isPath = typeof path === 'string' && path.trim() !== '' && path !== ':memory:';
  if (isPath && Object.keys(rest).length === 0) return Object.freeze({ path });
  throw new LiveCallbackOptionsError(
    'spool',
    'must be { path } with the path of a file, such as { path: "data/live-callback.spool" }.',
  );
}

/**
 * Checks the options that shape modules and routes.
 *
 * @throws LiveCallbackOptionsError
 */
export function resolveShape(
  {
    path = DEFAULT_PATH,
    role = 'all',
    decorators = [],
    dataSource,
    database,
  }: LiveCallbackModuleExtras,
  audit?: AuditApiOptions,
): LiveCallbackShape {
  const trimmed = typeof path === 'string' ? path.replace(/^\/+|\/+$/g, '') : path;
  if (typeof trimmed !== 'string' || !/^[\w.~-]+(\/[\w.~-]+)*$/.test(trimmed)) {
    throw new LiveCallbackOptionsError(
      'path',
      `must be one or more plain segments such as "live-callback", not ${describe(path)}.`,
    );
  }
  if (!ROLES.includes(role)) {
    throw new LiveCallbackOptionsError('role', 'must be "all", "intake" or "worker".');
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
  return { path: trimmed, role };
}
