import type { AuditRow } from './audit.source.js';

/** A row as a line. */
export function formatRow(row: AuditRow): string {
  const { domain, path, name } = row.stream;
  const place = [domain, path, name].filter((part) => part !== null).join('/') || '-';
  const remarks = [
    row.state === 'accepted' ? '' : row.state,
    row.variant ? 'variant' : '',
    row.deliveriesCount === 1 ? '' : `delivered ${row.deliveriesCount} times`,
  ].filter((remark) => remark !== '');
  return [textOf(row.receivedAt), row.id, row.kind, place, ...remarks].join('  ');
}

/** A time, whichever way it came. */
export function textOf(time: Date | string | null): string {
  return time instanceof Date ? time.toISOString() : (time ?? '-');
}
