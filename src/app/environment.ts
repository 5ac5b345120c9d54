import { randomBytes } from 'node:crypto';

import type { LogLevel } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import { dataSourceOptionsOf } from '../options/database-url.js';
import { parseKeyList } from '../options/key-list.js';
import { optionalSecret } from '../options/option.checks.js';
import type { CallbackKey, LiveCallbackRole } from '../index.js';

/** What the reference application reads from its environment. */
export interface Settings {
  /** No key is configured: the application makes one and plays a session against itself. */
  readonly isDemo: boolean;
  readonly host: string;
  readonly port: number;
  readonly adapter: 'express' | 'fastify';
  readonly role: LiveCallbackRole;
  readonly keys: readonly CallbackKey[];
  readonly urlToken: string | undefined;
  readonly expiryGraceSeconds: number;
  readonly adminToken: string | undefined;
  readonly readToken: string | undefined;
  readonly revealToken: string | undefined;
  /** Secrets that were made here and may be shown; those of the environment may not. */
  readonly mayShowAdminToken: boolean;
  /** Expected by `/metrics`, which is not there without. */
  readonly metricsToken: string | undefined;
  readonly mayShowMetricsToken: boolean;
  /** State file of the callback templates that the console shows; null: it shows none, but in the demo. */
  readonly templatesFile: string | null;
  readonly database: DataSourceOptions;
  /** The least that is logged; the listener logs each event as `debug`. */
  readonly logLevel: LogLevel;
  /** Where BullMQ is; without it listeners run in this process. */
  readonly redisUrl: string | undefined;
}

/** Levels of Nest's logger, the gravest first. */
export const LOG_LEVELS: readonly LogLevel[] = [
  'fatal',
  'error',
  'warn',
  'log',
  'debug',
  'verbose',
];

/** Default of `DATABASE_URL`. */
export const DEFAULT_DATABASE_URL = 'sqlite:data/live-callback.db';

/**
 * Reads the variables of docs/operating.md. An empty one counts as unset.
 *
 * @throws Error that names the variable
 */
export function readEnvironment(env: NodeJS.ProcessEnv): Settings {
  const read = (name: string) => env[name]?.trim() || undefined;
  const keys = parseKeyList(read('LIVE_CALLBACK_KEYS') ?? '');
  const role = roleOf(read('LIVE_CALLBACK_ROLE'));
  const isDemo = keys.length === 0 && role === 'all';
  if (keys.length === 0 && role === 'intake') {
    throw new Error(
      'LIVE_CALLBACK_ROLE=intake receives callbacks, so it needs LIVE_CALLBACK_KEYS.',
    );
  }
  const adapter = read('HTTP_ADAPTER') ?? 'fastify';
  if (adapter !== 'express' && adapter !== 'fastify') {
    throw new Error('HTTP_ADAPTER must be fastify or express.');
  }
  const metricsToken = optionalSecret(
    'LIVE_CALLBACK_METRICS_TOKEN',
    read('LIVE_CALLBACK_METRICS_TOKEN'),
  );
  return {
    isDemo,
    host: read('HOST') ?? (isDemo ? '127.0.0.1' : '0.0.0.0'),
    port: integer('PORT', read('PORT') ?? '3000', 65_535),
    adapter,
    role,
    keys: isDemo ? [randomSecret()] : keys,
    urlToken: read('LIVE_CALLBACK_URL_TOKEN'),
    expiryGraceSeconds: integer(
      'LIVE_CALLBACK_EXPIRY_GRACE',
      read('LIVE_CALLBACK_EXPIRY_GRACE') ?? '0',
      3_600,
    ),
    adminToken: read('LIVE_CALLBACK_ADMIN_TOKEN') ?? (isDemo ? randomSecret() : undefined),
    readToken: read('LIVE_CALLBACK_READ_TOKEN'),
    revealToken: read('LIVE_CALLBACK_REVEAL_TOKEN'),
    mayShowAdminToken: isDemo && read('LIVE_CALLBACK_ADMIN_TOKEN') === undefined,
    metricsToken: metricsToken ?? (isDemo ? randomSecret() : undefined),
    mayShowMetricsToken: isDemo && metricsToken === null,
    templatesFile: read('LIVE_CALLBACK_TEMPLATES') ?? null,
    database: dataSourceOptionsOf(read('DATABASE_URL') ?? DEFAULT_DATABASE_URL),
    logLevel: logLevelOf(read('LOG_LEVEL') ?? (isDemo ? 'debug' : 'log')),
    redisUrl: redisUrlOf(read('REDIS_URL')),
  };
}

function roleOf(role: string | undefined): LiveCallbackRole {
  if (role === undefined || role === 'all') return 'all';
  if (role === 'intake' || role === 'worker') return role;
  throw new Error('LIVE_CALLBACK_ROLE must be all, intake or worker.');
}

function logLevelOf(name: string): LogLevel {
  const level = LOG_LEVELS.find((it) => it === name);
  if (level) return level;
  throw new Error(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}.`);
}

/** The URL may hold a password, so no message repeats it. */
function redisUrlOf(url: string | undefined): string | undefined {
  if (url === undefined || (/^rediss?:\/\/./.test(url) && URL.canParse(url))) return url;
  throw new Error(
    'REDIS_URL must begin with redis:// or rediss://, for example redis://user:password@localhost:6379/0.',
  );
}

function integer(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw new Error(`${name} must be an integer from 0 to ${max}.`);
}

/** 32 hex digits: as long as the cloud allows a callback key to be. */
function randomSecret(): string {
  return randomBytes(16).toString('hex');
}
