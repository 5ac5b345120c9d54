import type { AuditRow } from './audit.source.js';

/** A row as a line. */
export function formatRow(row: AuditRow): string {
  const { domain, path, name } = row.stream;
  const place = [domain, path, name].filter((part) => part !== null).join('/') || '-';
  const warnings = [
    row.state === 'accepted' ? '' : row.state,
    row.conflicting ? 'conflicting' : '',
    row.receiptsCount === 1 ? '' : `delivered ${row.receiptsCount} times`,
  ].filter((warning) => warning !== '');
  return [textOf(row.receivedAt), row.id, row.kind, place, ...warnings].join('  ');
}

/** A time, whichever way it came. */
export function textOf(time: Date | string | null): string {
  return time instanceof Date ? time.toISOString() : (time ?? '-');
}
