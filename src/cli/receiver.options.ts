import type { Command } from 'commander';

import { resolveKeys } from '../options/key.config.js';
import { parseKeyList } from '../options/key-list.js';
import type { BoundCallbackKey } from '../options/live-callback.options.js';
import { UsageError } from './cli.error.js';
import { parseUrl } from './option.parsers.js';
import { concealKeys } from './secret.sources.js';
import { SENT_KINDS } from './send/kind-builders.js';
import type { Terminal } from './terminal.js';

/** Where the module is, and what it expects. */
export interface ReceiverOptions {
  readonly url?: string;
  readonly key?: string;
  readonly keyEnv: string;
  readonly token?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:3000/live-callback';
const DEFAULT_KEY_VARIABLE = 'LIVE_CALLBACK_KEYS';

/** Adds the options of {@link ReceiverOptions}. */
export function addReceiverOptions(command: Command): Command {
  return command
    .option(
      '-u, --url <url>',
      `base URL of the callback routes, or that of a kind; the kind is added to it (default: LIVE_CALLBACK_URL, or ${DEFAULT_URL})`,
      parseUrl,
    )
    .option(
      '--key-env <name>',
      'variable of the environment that holds the callback key, or several as key,domain=key',
      DEFAULT_KEY_VARIABLE,
    )
    .option(
      '--key <key>',
      'the callback key itself; everybody on this machine can see it in the list of processes, so prefer --key-env',
    )
    .option(
      '--token <token>',
      'secret of the callback URL; visible as --key is, so prefer the variable LIVE_CALLBACK_URL_TOKEN',
    );
}

/** The base URL without a slash at its end, its query apart. */
export function baseUrlOf({ url }: Pick<ReceiverOptions, 'url'>, { env }: Terminal): URL {
  const text = url ?? env['LIVE_CALLBACK_URL']?.trim() ?? '';
  const base = text === '' ? DEFAULT_URL : text;
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new UsageError('LIVE_CALLBACK_URL must be a URL that begins with http:// or https://.');
  }
  const parsed = new URL(base);
  parsed.pathname = parsed.pathname.replace(/\/+$/, '');
  return parsed;
}

/** A path below that of a base URL, which may be no more than a slash. */
export function pathBelow({ pathname }: URL, path: string): string {
  return `${pathname.replace(/\/+$/, '')}/${path}`;
}

/** URL of a kind, with the token if there is one. Undefined kind: of any kind. */
export function routeUrl(base: URL, kind: string | undefined, token: string | undefined): URL {
  const url = new URL(base);
  if (kind !== undefined) url.pathname = pathBelow(withoutKind(base), encodeURIComponent(kind));
  if (token !== undefined) url.searchParams.set('token', token);
  return url;
}

/** The base of a URL that is that of a kind already, as it stands in the cloud's console. */
function withoutKind(url: URL): URL {
  const base = new URL(url);
  const last = base.pathname.slice(base.pathname.lastIndexOf('/') + 1);
  if (SENT_KINDS.includes(last)) {
    base.pathname = base.pathname.slice(0, -last.length - 1);
  }
  return base;
}

/** The secret of the callback URL, if there is one. */
export function tokenOf(
  { token }: Pick<ReceiverOptions, 'token'>,
  { env }: Terminal,
): string | undefined {
  return token ?? (env['LIVE_CALLBACK_URL_TOKEN']?.trim() || undefined);
}

/** The keys that were given; none when there are none. */
export function keysOf(
  { key, keyEnv }: Pick<ReceiverOptions, 'key' | 'keyEnv'>,
  terminal: Terminal,
  warnings: string[] = [],
): readonly BoundCallbackKey[] {
  const text = key ?? terminal.env[keyEnv] ?? '';
  concealKeys(terminal, text);
  const list = parseKeyList(text);
  if (list.length === 0) return [];
  const resolved = resolveKeys(list, warnings);
  return typeof resolved === 'function' ? [] : resolved;
}

/**
 * The key for a push domain: one that is bound to it, else one that is bound to none.
 *
 * @throws UsageError when there is none
 */
export function keyFor(
  keys: readonly BoundCallbackKey[],
  domain: string | undefined,
  keyEnv: string,
): string {
  const bound = keys.find(
    (one) => one.domain !== undefined && one.domain === domain?.toLowerCase(),
  );
  const found = bound ?? keys.find((one) => one.domain === undefined);
  if (found) return found.key;
  if (keys.length === 0) {
    throw new UsageError(
      `There is no callback key: set ${keyEnv}, name another variable with --key-env, or send unsigned with --unsigned.`,
    );
  }
  throw new UsageError(
    `No key is for the push domain ${domain ?? '(none)'}; they are for ${keys.map((one) => one.domain).join(', ')}. Choose one of them with --domain.`,
  );
}
