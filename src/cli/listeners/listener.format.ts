import type { ListenerState } from '../../operations/listeners/live-callback.listeners.js';
import type { OverJson } from '../audit/audit.source.js';
import { textOf } from '../audit/row.format.js';

/** What holds a listener up. */
export function formatHold({ pausedAt, change, breaker }: OverJson<ListenerState>): string {
  const says: string[] = [];
  if (pausedAt !== null) {
    says.push(
      `paused since ${textOf(pausedAt)} by ${change?.actor ?? '-'}: ${change?.reason ?? '-'}`,
    );
  }
  if (breaker) {
    says.push(`circuit breaker open since ${textOf(breaker.openedAt)}: ${breaker.error}`);
  }
  return says.length === 0 ? 'runs' : says.join('; ');
}
