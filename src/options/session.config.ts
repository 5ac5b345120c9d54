import { describe, integer } from './option.checks.js';
import { LiveCallbackOptionsError } from './option.error.js';
import type { SessionOptions, SessionWindow } from './session.options.js';

/** The option `sessions`, checked. */
export interface SessionConfig {
  /** The reconnect window of a push domain, ms. */
  windowMsOf(domain: string | null): number;
  /** How long nothing need be known of a session that is live, ms. */
  readonly staleMs: number;
}

const DEFAULT_WINDOW_SECONDS = 60;
const MAX_WINDOW_SECONDS = 1_800;
const HOUR_MS = 3_600_000;
const DEFAULT_STALE_HOURS = 24;
const MAX_STALE_HOURS = 8_760;

/**
 * Checks the option `sessions`; null when it is left out.
 *
 * @throws LiveCallbackOptionsError
 */
export function resolveSessions(options: SessionOptions | undefined): SessionConfig | null {
  if (options === undefined) return null;
  checkObject('sessions', options, ['reconnectWindowSeconds', 'domains', 'staleAfterHours']);
  const { domains = {}, staleAfterHours = DEFAULT_STALE_HOURS } = options;
  const windowMs = windowOf('sessions', options) ?? DEFAULT_WINDOW_SECONDS * 1000;
  checkObject('sessions.domains', domains, null);
  const windows = new Map<string, number>();
  for (const [domain, window] of Object.entries(domains)) {
    const path = `sessions.domains.${domain}`;
    checkObject(path, window, ['reconnectWindowSeconds']);
    windows.set(domain, windowOf(path, window) ?? windowMs);
  }
  return Object.freeze({
    staleMs: HOUR_MS * integer('sessions.staleAfterHours', staleAfterHours, 1, MAX_STALE_HOURS),
    windowMsOf: (domain: string | null) => windows.get(domain ?? '') ?? windowMs,
  });
}

function windowOf(path: string, { reconnectWindowSeconds }: SessionWindow): number | undefined {
  if (reconnectWindowSeconds === undefined) return undefined;
  const name = `${path}.reconnectWindowSeconds`;
  return integer(name, reconnectWindowSeconds, 0, MAX_WINDOW_SECONDS) * 1000;
}

/** @param names of the properties it may have; null: any */
function checkObject(path: string, value: unknown, names: readonly string[] | null): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LiveCallbackOptionsError(
      path,
      `must be an object such as ${names === null ? '{ "push.example.com": { reconnectWindowSeconds: 0 } }' : '{ reconnectWindowSeconds: 60 }, or {} for the defaults'}, not ${describe(value)}.`,
    );
  }
  const stranger = Object.keys(value).find((name) => names !== null && !names.includes(name));
  if (stranger === undefined) return;
  throw new LiveCallbackOptionsError(
    `${path}.${stranger}`,
    `is no option. Options: ${names?.join(', ')}.`,
  );
}
