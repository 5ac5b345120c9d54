import type { IncomingHttpHeaders } from 'node:http';

import { ForbiddenException, UnsupportedMediaTypeException } from '@nestjs/common';

import type { AuditRight } from '../../options/live-callback.options.js';

/** The part of a request of Express or Fastify that the audit API looks at. */
export interface AuditRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** With its port, through proxies only as far as the host told its adapter to trust them. */
  readonly host?: string;
  readonly query?: { readonly reveal?: unknown };
}

/** The right that a request needs. */
export function rightOf({ method, query }: AuditRequest): AuditRight {
  if (method !== 'GET' && method !== 'HEAD') return 'act';
  return query?.reveal === undefined ? 'read' : 'reveal';
}

/**
 * Where the host's guards go by a cookie, any page can have a browser send a form. It cannot have it send
 * JSON unasked, and the browser says where a request comes from.
 *
 * @throws UnsupportedMediaTypeException, ForbiddenException
 */
export function refuseForeignPost({ headers, host = headers.host }: AuditRequest): void {
  const [mediaType] = (headers['content-type'] ?? '').split(';');
  if (mediaType?.trim().toLowerCase() !== 'application/json') {
    throw new UnsupportedMediaTypeException('the body must be application/json');
  }
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  const isOwn =
    site === undefined
      ? origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
      : site === 'same-origin' || site === 'none';
  if (!isOwn) throw new ForbiddenException('the request comes from a page of another origin');
}
