import type { CanActivate, Type } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import type { RetentionOptions } from './audit/retention.options.js';
import type { CustomLiveEvent, LiveEventKind } from './events/index.js';

/** A key of the callback template, bound to one push domain or account where several exist. */
export interface BoundCallbackKey {
  /** The `CallbackKey` of the template: up to 32 letters and digits (doc 267/30815). */
  readonly key: string;
  /** Push domain whose callbacks this key signs; others are refused. Default: any. */
  readonly domain?: string;
  /** Account APPID whose callbacks this key signs. Default: any. */
  readonly appId?: string;
}

/** A key that signs the callbacks of any domain, or a bound one. */
export type CallbackKey = string | BoundCallbackKey;

/** What a {@link CallbackKeyResolver} is asked about. Not verified yet: treat it as hostile. */
export interface CallbackKeyQuery {
  readonly domain: string | null;
  readonly appId: string | null;
}

/** Finds the keys for a callback. An empty list refuses it; a throw answers 503. */
export type CallbackKeyResolver = (
  query: CallbackKeyQuery,
) => readonly CallbackKey[] | Promise<readonly CallbackKey[]>;

/** Options that may be known late, from a factory of `forRootAsync`. */
export interface LiveCallbackOptions {
  /** The callback keys: one, several (rotation, domains), or a function that finds them. Required. */
  keys: CallbackKey | readonly CallbackKey[] | CallbackKeyResolver;
  /**
   * Secret that every callback URL must carry as `?token=`, besides the signature: at least 16
   * letters, digits and `. _ ~ -`. Default: none.
   */
  urlToken?: string;
  /**
   * Kinds that are accepted without `t` and `sign`, as CSS sends `relay` and `monitor`: the URL must
   * carry `urlToken` then. A callback of such a kind that is signed is verified. Default: none.
   */
  unsigned?: readonly LiveEventKind[];
  /** How long after `t` a callback is still accepted, seconds, 0 to 3600. Default: 0. */
  expiryGraceSeconds?: number;
  /** Largest body, bytes, 65536 to 8388608. Default: 262144. */
  bodyLimit?: number;
  /** Whether to create and migrate the audit tables at start. Default: true. */
  runMigrations?: boolean;
  /**
   * A local file for callbacks that the database cannot take, so that an outage longer than the
   * patience of CSS (3 to 12 minutes) loses nothing. Needs better-sqlite3. Default: none, such
   * callbacks are answered with 503.
   */
  spool?: SpoolOptions;
  /** The audit HTTP API. Default: off. */
  audit?: AuditApiOptions;
  /** How long callbacks are kept. `{}` takes the defaults. Default: for ever. */
  retention?: RetentionOptions;
  /** The current time, Unix milliseconds, for tests. Default: `Date.now`. */
  clock?: () => number;
}

/** Where callbacks wait for a database that is away. */
export interface SpoolOptions {
  /** A SQLite file of this process alone, on a disk that outlives it. Made when it is not there. */
  path: string;
}

/**
 * What a process does. `intake`: receives and stores, and runs no listener. `worker`: runs listeners,
 * and has no routes. `all`: both. Import the same listeners everywhere: the process that stores a
 * callback decides which listeners get it, the role only where they run.
 */
export type LiveCallbackRole = 'all' | 'intake' | 'worker';

/** Options that shape modules and routes, and so are known when the module is imported. */
export interface LiveCallbackModuleExtras {
  /** Base path of the routes. Default: `live-callback`. */
  path?: string;
  /**
   * What this process does. A `worker` needs no `keys`, and works in an application context without
   * HTTP. Default: `all`.
   */
  role?: LiveCallbackRole;
  /** Whether the exports are visible in every module. Default: false. */
  isGlobal?: boolean;
  /** The host's own decorators for the callback controllers, such as `Public()`. Default: none. */
  decorators?: readonly ClassDecorator[];
  /** Kinds of the host's own, made with `defineLiveEvent`. Default: none. */
  kinds?: readonly CustomLiveEvent[];
  /** Name of the TypeORM DataSource. Default: the default one. */
  dataSource?: string;
  /** Connection for a host without TypeORM of its own: registers the DataSource. Default: none. */
  database?: DataSourceOptions;
}

/** Who may read the audit HTTP API: bearers of the token, or whom the host's guards let in. */
export interface AuditApiOptions {
  /** Secret expected as `Authorization: Bearer TOKEN`: at least 16 letters, digits and `. _ ~ -`. Default: none. */
  token?: string;
  /** The host's own guards. They shape routes: in `forRootAsync` they stand beside the factory. */
  guards?: readonly Type<CanActivate>[];
}

/** Made by a class given to `forRootAsync` as `useClass` or `useExisting`. */
export interface LiveCallbackOptionsFactory {
  createLiveCallbackOptions(): LiveCallbackOptions | Promise<LiveCallbackOptions>;
}
