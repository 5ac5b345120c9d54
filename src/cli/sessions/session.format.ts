import type { SessionSummary } from '../../events/session-event.js';
import type { OverJson } from '../audit/audit.source.js';
import { textOf } from '../audit/row.format.js';
import { plural } from '../plural.js';

/** A session as a line. */
export function formatSession(session: OverJson<SessionSummary>): string {
  const { domain, path, name } = session.stream;
  const place = [domain, path, name].filter((part) => part !== null).join('/') || '-';
  const end = session.endedAt ?? session.interruptedAt;
  const facts = [
    `for ${Math.round(session.uptimeMs / 1000)} s`,
    plural(session.pushesCount, 'push', 'pushes'),
    session.unconfirmedCount === 0 ? '' : `${session.unconfirmedCount} unconfirmed`,
    end === null ? '' : `until ${textOf(end)}`,
    session.endReason?.id ?? '',
  ].filter((fact) => fact !== '');
  return [textOf(session.startedAt), session.id, session.state, place, ...facts].join('  ');
}
