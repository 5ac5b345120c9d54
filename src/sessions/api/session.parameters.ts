import {
  checkNames,
  oneOf,
  page,
  text,
  time,
  type PageRequest,
  type QueryParameters,
} from '../../operations/audit-query.js';
import { AuditRequestError } from '../../operations/audit-request.error.js';
import type { SessionFilter } from '../session.query.js';
import type { RebuildRequest } from '../session.rebuilder.js';

/**
 * Reads filter and page from the parameters of a URL.
 *
 * @throws AuditRequestError for an unknown parameter or a value that does not fit
 */
export function parseSessions(query: QueryParameters): {
  filter: SessionFilter;
  page: PageRequest;
} {
  checkNames(query, 'domain,path,stream,state,from,to,cursor,limit');
  return {
    filter: {
      domain: text(query, 'domain'),
      path: text(query, 'path'),
      stream: text(query, 'stream'),
      state: oneOf(query, 'state', ['live', 'interrupted', 'ended']),
      from: time(query, 'from'),
      to: time(query, 'to'),
    },
    page: page(query),
  };
}

/**
 * Reads what a rebuild is asked with.
 *
 * @throws AuditRequestError for what is misspelt or does not fit
 */
export function parseRebuild(body: QueryParameters): RebuildRequest & { cursor?: string } {
  checkNames(body, 'from,to,emit,cursor');
  const { emit } = body;
  if (emit !== undefined && typeof emit !== 'boolean') {
    throw new AuditRequestError('emit must be true or false');
  }
  return { from: time(body, 'from'), to: time(body, 'to'), emit, cursor: text(body, 'cursor') };
}
