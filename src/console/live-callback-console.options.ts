import type { CanActivate, Type } from '@nestjs/common';

import { resolveAudit, type AuditConfig } from '../options/audit.config.js';
import { LiveCallbackOptionsError } from '../options/option.error.js';
import type { AuditApiOptions } from '../options/live-callback.options.js';
import type { ConsoleTemplates } from './console.templates.js';
import { LiveCallbackConsoleError } from './live-callback-console.error.js';

/** Where the built files are, for tests of the module itself. @internal */
export const CONSOLE_FILES = Symbol('CONSOLE_FILES');

/**
 * Who may use the console: bearers of a token, whom the host's guards let in, or both. A token is at least
 * 16 letters, digits and `. _ ~ -`; people paste it into the page, which keeps it in memory alone.
 */
export interface LiveCallbackConsoleOptions extends Pick<
  AuditApiOptions,
  'token' | 'readToken' | 'revealToken' | 'authorize'
> {
  /** Where it is served, below the host's global prefix. Default: `console`. */
  path?: string;
  /** Name of the registration of LiveCallbackModule that it shows. Default: the only one. */
  registration?: string;
  /** The host's own guards, which see every request, those for the page itself included. Default: none. */
  guards?: readonly Type<CanActivate>[];
  /** The host's own decorators for its controllers, such as `Public()`. Default: none. */
  decorators?: readonly ClassDecorator[];
  /** Callback templates to show and change, such as `new DeclaredTemplates({ … })`. Default: none. */
  templates?: ConsoleTemplates;
  /** @internal */
  [CONSOLE_FILES]?: string;
}

/** What is read at run time. */
export interface LiveCallbackConsoleConfig {
  readonly path: string;
  readonly registration: string | undefined;
  readonly guards: readonly Type<CanActivate>[];
  readonly decorators: readonly ClassDecorator[];
  readonly audit: AuditConfig;
  readonly templates: ConsoleTemplates | null;
  /** What whoever has no rights is told: to paste a token, or to go to the host. */
  readonly signIn: 'token' | 'host';
}

const DEFAULT_PATH = 'console';
const FUNCTIONS = ['guards', 'decorators'] as const;

/** @throws LiveCallbackConsoleError naming the option */
export function resolveConsole(options: LiveCallbackConsoleOptions): LiveCallbackConsoleConfig {
  const { path = DEFAULT_PATH, registration, templates = null, ...access } = options ?? {};
  const trimmed = typeof path === 'string' ? path.replace(/^\/+|\/+$/g, '') : '';
  if (!/^[\w.~-]+(\/[\w.~-]+)*$/.test(trimmed)) {
    throw new LiveCallbackConsoleError(
      'path must be one or more plain segments such as "console".',
    );
  }
  if (registration !== undefined && (typeof registration !== 'string' || registration === '')) {
    throw new LiveCallbackConsoleError('registration must be the name of a registration.');
  }
  if (templates !== null && typeof templates?.read !== 'function') {
    throw new LiveCallbackConsoleError('templates must be a DeclaredTemplates, or undefined.');
  }
  for (const name of FUNCTIONS) {
    const list = access[name] ?? [];
    if (Array.isArray(list) && list.every((one) => typeof one === 'function')) continue;
    throw new LiveCallbackConsoleError(`${name} must be a list of ${name}.`);
  }
  const { guards = [], decorators = [] } = access;
  const audit = resolveAccess(access);
  const signIn = audit.tokens.length > 0 ? 'token' : 'host';
  return Object.freeze({
    path: trimmed,
    registration,
    guards,
    decorators,
    audit,
    templates,
    signIn,
  });
}

/** Says in the words of the console what the check of the audit API finds. */
function resolveAccess(access: AuditApiOptions): AuditConfig {
  const { token, readToken, revealToken, guards = [] } = access;
  const isGuarded = [token, readToken, revealToken, ...guards].some(Boolean);
  if (!isGuarded && !access.authorize) {
    throw new LiveCallbackConsoleError(
      'The console shows what was stored, so it needs a token or guards: register({ token: process.env.CONSOLE_TOKEN }) or register({ guards: [AdminGuard] }).',
    );
  }
  try {
    return resolveAudit(undefined, access);
  } catch (error) {
    if (!(error instanceof LiveCallbackOptionsError)) throw error;
    throw new LiveCallbackConsoleError(
      error.message.replaceAll('audit.', '').replaceAll('the audit API', 'the console'),
      { cause: error },
    );
  }
}
