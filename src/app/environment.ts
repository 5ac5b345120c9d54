import { randomBytes } from 'node:crypto';

import type { DataSourceOptions } from 'typeorm';

import { dataSourceOptionsOf } from '../config/database-url.js';
import { parseKeyList } from '../config/key-list.js';
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
  /** Secrets that were made here and may be shown; those of the environment may not. */
  readonly mayShowAdminToken: boolean;
  readonly database: DataSourceOptions;
  /** Where BullMQ is; without it listeners run in this process. */
  readonly redisUrl: string | undefined;
}

/** Default of `DATABASE_URL`. */
export const DEFAULT_DATABASE_URL = 'sqlite:data/live-callback.db';

/**
 * Reads the variables of the README. An empty one counts as unset.
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
    mayShowAdminToken: isDemo && read('LIVE_CALLBACK_ADMIN_TOKEN') === undefined,
    database: dataSourceOptionsOf(read('DATABASE_URL') ?? DEFAULT_DATABASE_URL),
    redisUrl: redisUrlOf(read('REDIS_URL')),
  };
}

function roleOf(role: string | undefined): LiveCallbackRole {
  if (role === undefined || role === 'all') return 'all';
  if (role === 'intake' || role === 'worker') return role;
  throw new Error('LIVE_CALLBACK_ROLE must be all, intake or worker.');
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
