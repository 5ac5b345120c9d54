import type { CanActivate, Type } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';

import type { RetentionOptions } from './retention.options.js';
import type { SessionOptions } from './session.options.js';
import type { TIME_SCALE, TimeScale } from '../common/time-scale.js';
import type { CustomLiveEvent } from '../events/custom-event.js';
import type { LiveEventKind } from '../events/live-event.js';

/** A key of the callback template, bound to one push domain or account where several exist. */
export interface BoundCallbackKey {
  /** The `CallbackKey` of the template: up to 32 letters and digits (docs/protocol.md, 1.2). */
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

/**
 * Finds the keys for a callback; they speak for the domain and account that were asked for and no other.
 * An empty list refuses it; a throw, or no answer within 3 s, answers 503. What was found is remembered
 * for a minute, so a key that is withdrawn is taken for so long; when no remembered key has signed a
 * callback, the function is asked again, at most once a second for the same query.
 */
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
  /**
   * Bytes of bodies that one pair (`t`, `sign`) may bring, 8 MiB to 1 TiB: CSS signs the callbacks of a
   * second with one. Beyond it they are answered with 503, unless their address has brought less than a 64th
   * of it and all together less than twice as much. Default: 67108864, 64 MiB.
   */
  pairQuotaBytes?: number;
  /**
   * Whether `stream_param` is kept, the query of the push URL, which holds the credentials of the push.
   * Without it the value is `"***"` in stored bodies, in the spool and in events. Default: true.
   */
  keepStreamParam?: boolean;
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
  /**
   * How long callbacks are kept. `{}` takes the defaults. Default: for ever; counted refusals 30 days.
   */
  retention?: RetentionOptions;
  /**
   * Works out who is live, from pushes and interruptions: see `LiveSessions`. `{}` takes the defaults.
   * Default: off.
   */
  sessions?: SessionOptions;
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
   * Name of the registration, 1 to 48 letters, digits and `. _ -`: a boundary between tenants. Stored
   * callbacks, deliveries and refusals carry it, and nothing of this registration reads, repeats,
   * replays or purges those of another. Processes that share the work of one registration share its
   * name; several registrations on one database differ in it. Default: `default`.
   */
  name?: string;
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
  /** For tests of the module itself. @internal */
  [TIME_SCALE]?: TimeScale;
}

/**
 * What the audit HTTP API is used for: `read` asks, with bodies masked; `act` replays and discards;
 * `reveal` shows a body as it was received, with the pair that would sign another one until its `t`.
 */
export type AuditRight = 'read' | 'act' | 'reveal';

/**
 * Who may use the audit HTTP API: bearers of a token, whom the host's guards let in, or both. A token is
 * at least 16 letters, digits and `. _ ~ -`, and expected as `Authorization: Bearer TOKEN`.
 */
export interface AuditApiOptions {
  /** Secret of those who read and act. Default: none. */
  token?: string;
  /** Secret of those who only read. Default: none. */
  readToken?: string;
  /** Secret of those who read, and reveal bodies with `?reveal=body`. Default: none. */
  revealToken?: string;
  /**
   * Decides whether a request, which the guards have seen, has a right. Default: with guards and no
   * token, all that they let in read and act, and nobody reveals.
   */
  authorize?(request: object, right: AuditRight): boolean | Promise<boolean>;
  /** The host's own guards. They shape routes: in `forRootAsync` they stand beside the factory. */
  guards?: readonly Type<CanActivate>[];
  /**
   * The host's own decorators for the audit controller, such as `Public()`, where a global guard would
   * not know the token. They shape routes too. Default: none.
   */
  decorators?: readonly ClassDecorator[];
}

/** Made by a class given to `forRootAsync` as `useClass` or `useExisting`. */
export interface LiveCallbackOptionsFactory {
  createLiveCallbackOptions(): LiveCallbackOptions | Promise<LiveCallbackOptions>;
}
