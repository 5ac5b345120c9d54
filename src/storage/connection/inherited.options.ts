import { DefaultNamingStrategy, type DataSource, type DataSourceOptions } from 'typeorm';

import type { Dialect } from './dialect.js';

/** Options by name, of whichever database. */
type Options = Readonly<Record<string, unknown>>;

/** What is taken from the DataSource of the host. */
interface AllowList {
  /** Options that hold for all connections. */
  readonly options: readonly string[];
  /** Options of one server: those of `replication.master`, where there are replicas. */
  readonly server: readonly string[];
  /** Options of the driver, within `extra`. */
  readonly extra: readonly string[];
  /** Parameters of a URL. */
  readonly url: readonly string[];
}

/** How the driver is found, and what tables and columns are called: there both connections agree. */
const COMMON = ['type', 'driver', 'namingStrategy', 'entityPrefix'];

/**
 * All that the module's own connection takes from the host's: which server and database, who asks and
 * how that is proved, and what tables and columns are called. Everything else is the module's, and what is
 * new in TypeORM or a driver stays out until somebody has understood what it does to the statements.
 */
const INHERITED: Record<Dialect, AllowList> = {
  sqlite: {
    options: [...COMMON, 'database', 'key', 'fileMustExist', 'nativeBinding'],
    server: [],
    extra: [],
    url: [],
  },
  postgres: {
    options: [...COMMON, 'schema', 'applicationName'],
    server: ['url', 'host', 'port', 'username', 'password', 'database', 'ssl', 'applicationName'],
    extra:
      words(`connectionString host port user password database stream ssl sslmode sslnegotiation
      application_name`),
    url: words(`host port user password application_name ssl sslmode sslcert sslkey sslrootcert
      sslnegotiation uselibpqcompat`),
  },
  mysql: {
    options: [...COMMON, 'ssl', 'insecureAuth'],
    server: ['url', 'host', 'port', 'username', 'password', 'database', 'socketPath'],
    extra: words(`uri host port user password database socketPath stream ssl insecureAuth password1
      password2 password3 passwordSha1 authPlugins authSwitchHandler enableCleartextPlugin`),
    url: ['ssl'],
  },
};

function words(text: string): string[] {
  return text.split(/\s+/);
}

/** What the module's own connection takes from the host's. */
export function inheritedOptions(host: DataSource, dialect: Dialect): { extra: Options } & Options {
  const allowed = INHERITED[dialect];
  const { replication, ...options } = host.options as unknown as Options & {
    replication?: Replication;
  };
  const inherited = {
    ...pick(options, allowed.options),
    // A standby may lag behind, or be away: what was just stored is read from the primary too.
    ...pick(replication?.master ?? options, allowed.server),
    extra: pick((options['extra'] ?? {}) as Options, allowed.extra),
  };
  const cleaned = {
    ...withCleanUrls(inherited, allowed),
    extra: withCleanUrls(inherited.extra, allowed),
  };
  return dialect === 'postgres' ? { ...schemaOf(host), ...cleaned } : cleaned;
}

/** Name of the table of migrations: each prefix and each schema has tables, and so migrations, of its own. */
export function migrationsTableOf({
  entityPrefix = '',
  namingStrategy,
}: DataSourceOptions): string {
  const strategy = namingStrategy ?? new DefaultNamingStrategy();
  const name = strategy.tableName('LiveCallbackMigration', 'live_callback_migration');
  return strategy.prefixTableName(entityPrefix, name);
}

interface Replication {
  readonly master: Options;
}

function pick(options: Options, names: readonly string[]): Record<string, unknown> {
  // Left out and not undefined: TypeORM 0.3 and drivers ask whether the key is there.
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
}

/** Where the host's own statements find tables, however its `search_path` is set. */
function schemaOf({ driver }: DataSource): Options {
  return pick({ schema: (driver as { searchSchema?: string }).searchSchema }, ['schema']);
}

/** Drivers take settings of every kind from a URL. */
function withCleanUrls<T extends Options>(options: T, { url: allowed }: AllowList): T {
  const clean = { ...options } as Record<string, unknown>;
  for (const name of ['url', 'connectionString', 'uri']) {
    const url = clean[name];
    if (typeof url !== 'string' || !url.includes('?')) continue;
    const [address, query] = [url.slice(0, url.indexOf('?')), url.slice(url.indexOf('?') + 1)];
    const kept = [...new URLSearchParams(query)].filter(([key]) => allowed.includes(key));
    clean[name] = kept.length > 0 ? `${address}?${String(new URLSearchParams(kept))}` : address;
  }
  return clean as T;
}
