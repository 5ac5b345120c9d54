import { resolveAudit, type AuditConfig } from './audit.config.js';
import { DATABASE_TYPES } from './database-types.js';
import { resolveKeys } from './key.config.js';
import { resolveUnsigned } from './kind.config.js';
import { boolean, checkNames, describe, integer, optionalSecret } from './option.checks.js';
import { DEFAULT_REGISTRATION } from '../common/registration-name.js';
import { LiveCallbackOptionsError } from './option.error.js';
import { resolveRetention, type ResolvedRetention } from './retention.config.js';
import { resolveSessions, type SessionConfig } from './session.config.js';
import type {
  AuditApiOptions,
  BoundCallbackKey,
  CallbackKeyResolver,
  LiveCallbackModuleExtras,
  LiveCallbackOptions,
  LiveCallbackRole,
} from './live-callback.options.js';

/** What is known of a registration when the module is imported. */
export interface LiveCallbackShape {
  /** Name of the registration. */
  readonly name: string;
  /** Base path, without slashes at its ends. */
  readonly path: string;
  readonly role: LiveCallbackRole;
}

/** What the module reads at run time: the options, checked once and frozen. */
export abstract class LiveCallbackConfig implements LiveCallbackShape {
  abstract readonly name: string;
  abstract readonly path: string;
  abstract readonly role: LiveCallbackRole;
  abstract readonly keys: readonly BoundCallbackKey[] | CallbackKeyResolver;
  /** Whether a key speaks for a domain of its own; of the keys of a function all do. */
  abstract readonly hasBoundKeys: boolean;
  abstract readonly urlToken: string | null;
  abstract readonly unsigned: ReadonlySet<string>;
  abstract readonly expiryGraceSeconds: number;
  abstract readonly bodyLimit: number;
  abstract readonly pairQuotaBytes: number;
  abstract readonly keepStreamParam: boolean;
  abstract readonly runMigrations: boolean;
  abstract readonly spool: { readonly path: string } | null;
  abstract readonly audit: AuditConfig;
  /** Null: nothing is purged by itself. */
  abstract readonly retention: ResolvedRetention | null;
  /** Null: nothing is worked out. */
  abstract readonly sessions: SessionConfig | null;
  abstract readonly clock: () => number;
  /** What is permitted but unwise; logged at start. */
  abstract readonly warnings: readonly string[];
}

const DEFAULT_PATH = 'live-callback';
/** Largest body where the host sets none, bytes. */
export const DEFAULT_BODY_LIMIT = 262_144;
const MIN_BODY_LIMIT = 65_536;
/** 8 MiB: what every supported database takes with its usual settings. */
const MAX_BODY_LIMIT = 8_388_608;
const DEFAULT_PAIR_QUOTA = 64 * 2 ** 20;
const MAX_PAIR_QUOTA = 2 ** 40;
const MAX_GRACE_SECONDS = 3_600;

const OPTION_NAMES = [
  'keys',
  'urlToken',
  'unsigned',
  'expiryGraceSeconds',
  'bodyLimit',
  'pairQuotaBytes',
  'keepStreamParam',
  'runMigrations',
  'spool',
  'audit',
  'retention',
  'sessions',
  'clock',
];
const EXTRA_NAMES = [
  'path',
  'name',
  'role',
  'isGlobal',
  'decorators',
  'kinds',
  'dataSource',
  'database',
];
const ROLES: readonly unknown[] = ['all', 'intake', 'worker'];

/**
 * Checks the options that may come from a factory.
 *
 * @throws LiveCallbackOptionsError
 */
export function resolveConfig(
  options: LiveCallbackOptions,
  kinds: readonly string[],
  audit: AuditApiOptions | undefined,
  shape: LiveCallbackShape,
): LiveCallbackConfig {
  checkNames(options, OPTION_NAMES, EXTRA_NAMES);
  const warnings: string[] = [];
  const isWorker = shape.role === 'worker';
  // Without keys the guard, which a worker may still use for routes of its own, refuses everything.
  const keys = isWorker && options.keys === undefined ? [] : resolveKeys(options.keys, warnings);
  const clock = options.clock ?? Date.now;
  if (typeof clock !== 'function') {
    throw new LiveCallbackOptionsError('clock', `must be a function, not ${describe(clock)}.`);
  }
  return Object.freeze({
    ...shape,
    keys,
    hasBoundKeys: typeof keys === 'function' || keys.some(({ domain }) => domain !== undefined),
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
    pairQuotaBytes: integer(
      'pairQuotaBytes',
      options.pairQuotaBytes ?? DEFAULT_PAIR_QUOTA,
      MAX_BODY_LIMIT,
      MAX_PAIR_QUOTA,
    ),
    keepStreamParam: boolean('keepStreamParam', options.keepStreamParam ?? true),
    runMigrations: boolean('runMigrations', options.runMigrations ?? true),
    // The file belongs to the process that receives.
    spool: isWorker ? null : resolveSpool(options.spool),
    audit: resolveAudit(options.audit, audit),
    retention: resolveRetention(options.retention),
    sessions: resolveSessions(options.sessions),
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
    name = DEFAULT_REGISTRATION,
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
  if (typeof name !== 'string' || !/^[\w.-]{1,48}$/.test(name)) {
    throw new LiveCallbackOptionsError(
      'name',
      `must be 1 to 48 letters, digits and ". _ -" such as "tenant-a", not ${describe(name)}.`,
    );
  }
  if (!ROLES.includes(role)) {
    throw new LiveCallbackOptionsError('role', 'must be "all", "intake" or "worker".');
  }
  checkDecorators('decorators', decorators);
  checkDecorators('audit.decorators', audit?.decorators ?? []);
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
  // Before TypeORM asks for a driver that would be refused afterwards.
  if (database && !(DATABASE_TYPES as readonly string[]).includes(database.type)) {
    throw new LiveCallbackOptionsError(
      'database.type',
      `must be one of ${DATABASE_TYPES.join(', ')}, not "${database.type}".`,
    );
  }
  const guards = audit?.guards ?? [];
  if (!Array.isArray(guards) || guards.some((guard) => typeof guard !== 'function')) {
    throw new LiveCallbackOptionsError('audit.guards', 'must be a list of guard classes.');
  }
  return { path: trimmed, name, role };
}

function checkDecorators(path: string, decorators: unknown): void {
  if (Array.isArray(decorators) && decorators.every((one) => typeof one === 'function')) return;
  throw new LiveCallbackOptionsError(
    path,
    'must be a list of class decorators, called where they are factories: [Public()].',
  );
}
