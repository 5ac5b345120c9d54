import type { IncomingHttpHeaders } from 'node:http';

import { Injectable } from '@nestjs/common';

import { rawRequest } from './http/callback.reply.js';

/** Finds the span of a request, as `traceparent` of W3C Trace Context says it; null for none. */
export type TraceparentFinder = (headers: IncomingHttpHeaders) => string | null;

/** Whether requests are traced, and by whom: nobody unless somebody says so. */
@Injectable()
export class RequestTracing {
  private finder: TraceparentFinder | undefined;

  /** To be called before the application has started. */
  use(finder: TraceparentFinder): void {
    this.finder = finder;
  }

  /** @param request the adapter's request, in whose asynchronous context this is called */
  traceparentOf(request: object): string | null {
    return this.finder?.(rawRequest(request).headers) ?? null;
  }
}
