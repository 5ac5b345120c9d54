import { optionalSecret } from './option.checks.js';
import { LiveCallbackOptionsError } from './option.error.js';
import type { AuditApiOptions, AuditRight } from './live-callback.options.js';

/** What a bearer of a token may do. */
export interface AuditToken {
  readonly token: string;
  readonly rights: readonly AuditRight[];
}

/** Who may use the audit API, and for what. */
export interface AuditConfig {
  /** None: the host's guards and `authorize` decide. */
  readonly tokens: readonly AuditToken[];
  readonly authorize: AuditApiOptions['authorize'] | null;
}

type TokenName = 'token' | 'readToken' | 'revealToken';

const RIGHTS: Record<TokenName, readonly AuditRight[]> = {
  token: ['read', 'act'],
  readToken: ['read'],
  revealToken: ['read', 'reveal'],
};
/** What shapes the routes. */
const SHAPING = ['guards', 'decorators'] as const;
const NAMES = [...Object.keys(RIGHTS), 'authorize', ...SHAPING];

/**
 * Checks who may use the audit API.
 *
 * @param late what may come from a factory
 * @param early what was given when the module was imported; undefined: there is no audit API
 * @throws LiveCallbackOptionsError
 */
export function resolveAudit(
  late: AuditApiOptions | undefined,
  early: AuditApiOptions | undefined,
): AuditConfig {
  for (const name of SHAPING) {
    if (late?.[name] === undefined || early?.[name] !== undefined) continue;
    throw new LiveCallbackOptionsError(
      `audit.${name}`,
      'shapes routes, which must be known before a factory runs: move it beside useFactory, useClass or useExisting.',
    );
  }
  const { authorize = null, ...audit } = { ...early, ...late };
  const stranger = Object.keys(audit).find((name) => !NAMES.includes(name));
  if (stranger !== undefined) {
    throw new LiveCallbackOptionsError(
      `audit.${stranger}`,
      `is no option of the audit API. Options: ${NAMES.join(', ')}.`,
    );
  }
  const tokens = (Object.keys(RIGHTS) as TokenName[]).flatMap((name) => {
    const token = optionalSecret(`audit.${name}`, audit[name]);
    return token === null ? [] : [{ name, token, rights: RIGHTS[name] }];
  });
  const twice = tokens.find(({ token }, at) => tokens.findIndex((it) => it.token === token) < at);
  if (twice) {
    throw new LiveCallbackOptionsError(
      `audit.${twice.name}`,
      'is the same secret as another token of the audit API: each right needs its own.',
    );
  }
  if (authorize !== null && typeof authorize !== 'function') {
    throw new LiveCallbackOptionsError(
      'audit.authorize',
      'must be a function of a request and a right, "read", "act" or "reveal": (request, right) => request.user?.roles.includes(right).',
    );
  }
  const isGuarded = tokens.length > 0 || authorize !== null;
  if (early === undefined && isGuarded) {
    throw new LiveCallbackOptionsError(
      'audit',
      'comes from a factory, but routes must be known before: add "audit: {}" beside useFactory, useClass or useExisting too.',
    );
  }
  if (early !== undefined && !isGuarded && !early.guards?.length) {
    throw new LiveCallbackOptionsError(
      'audit',
      'opens the audit API, so it needs a token or guards: audit: { token: process.env.AUDIT_TOKEN } or audit: { guards: [AdminGuard] }.',
    );
  }
  return Object.freeze({ tokens, authorize });
}
