import { randomBytes } from 'node:crypto';

import type { DataSourceOptions } from 'typeorm';

import type { CallbackKey } from '../index.js';
import { dataSourceOptionsOf } from './database-url.js';

/** What the reference application reads from its environment. */
export interface Settings {
  /** No key is configured: the application makes one and plays a session against itself. */
  readonly isDemo: boolean;
  readonly host: string;
  readonly port: number;
  readonly adapter: 'express' | 'fastify';
  readonly keys: readonly CallbackKey[];
  readonly urlToken: string | undefined;
  readonly expiryGraceSeconds: number;
  readonly adminToken: string | undefined;
  /** Secrets that were made here and may be shown; those of the environment may not. */
  readonly mayShowAdminToken: boolean;
  readonly database: DataSourceOptions;
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
  const keys = (read('LIVE_CALLBACK_KEYS') ?? '').split(',').flatMap(parseKey);
  const isDemo = keys.length === 0;
  const adapter = read('HTTP_ADAPTER') ?? 'fastify';
  if (adapter !== 'express' && adapter !== 'fastify') {
    throw new Error('HTTP_ADAPTER must be fastify or express.');
  }
  return {
    isDemo,
    host: read('HOST') ?? (isDemo ? '127.0.0.1' : '0.0.0.0'),
    port: integer('PORT', read('PORT') ?? '3000', 65_535),
    adapter,
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
  };
}

/** `key`, or `domain=key` for a key that is bound to a push domain. */
function parseKey(text: string): CallbackKey[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const at = trimmed.indexOf('=');
  if (at < 0) return [trimmed];
  return [{ domain: trimmed.slice(0, at).trim(), key: trimmed.slice(at + 1).trim() }];
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
