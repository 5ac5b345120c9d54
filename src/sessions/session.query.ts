import type { SessionState } from '../events/session-event.js';
import { AuditRequestError } from '../operations/audit-request.error.js';
import { isId } from '../operations/audit-query.js';

/** What the audit API says of an id that no session has. */
export const NO_SESSION = 'there is no session with this id';
/** What it says where the option is left out. */
export const SESSIONS_OFF = 'sessions are not worked out: the option sessions turns them on';

/** Streams by domain and path. */
export interface LiveFilter {
  /** Push domain. */
  domain?: string;
  /** Push path (AppName). */
  path?: string;
}

/** Which sessions to find. All conditions must hold. */
export interface SessionFilter extends LiveFilter {
  /** Stream name. */
  stream?: string;
  state?: SessionState;
  /** Started at this time or later. */
  from?: Date;
  /** Started before this time. */
  to?: Date;
}

/** Where a page begins. */
export interface SessionPosition {
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly id: string;
}

/** The `nextCursor` after a session. */
export function encodePosition({ startedAt, id }: SessionPosition): string {
  return Buffer.from(`${startedAt} ${id}`).toString('base64url');
}

/** @throws AuditRequestError */
export function decodePosition(cursor: string): SessionPosition {
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (/^-?\d{1,16}$/.test(time) && isId(id)) return { startedAt: Number(time), id };
  throw new AuditRequestError('cursor must be the nextCursor of an earlier answer');
}
