import { AuditRequestError } from '../audit-request.error.js';
import { checkNames, isId, text, time, type QueryParameters } from '../audit-query.js';
import type { DeadLetterFilter } from './dead-letter.query.js';

/** @throws AuditRequestError for what is no filter, an unknown parameter or a value that does not fit */
export function parseDeadLetterFilter(query: QueryParameters): DeadLetterFilter {
  // Otherwise it would be one without conditions, and an order be about all of them.
  if (typeof query !== 'object' || Array.isArray(query)) {
    throw new AuditRequestError('filter must be an object');
  }
  checkNames(query, 'listener,error,kind,domain,path,stream,from,to');
  return {
    listener: text(query, 'listener'),
    error: text(query, 'error'),
    kind: text(query, 'kind'),
    domain: text(query, 'domain'),
    path: text(query, 'path'),
    stream: text(query, 'stream'),
    from: time(query, 'from'),
    to: time(query, 'to'),
  };
}

/** @throws AuditRequestError */
export function checkCursor(cursor: unknown): string | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  if (typeof cursor === 'string' && isId(cursor)) return cursor;
  throw new AuditRequestError('cursor must be the nextCursor of an earlier answer');
}
