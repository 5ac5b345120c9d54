import type { IncomingHttpHeaders } from 'node:http';

import { context, propagation, ROOT_CONTEXT, trace } from './optional-packages.js';
import { toTraceparent } from './span-context.text.js';

/**
 * The span of a request, as it is kept with the callback: that of the host's instrumentation, or else the
 * one that the headers name, read as the host's propagator reads them.
 */
export function traceparentOf(headers: IncomingHttpHeaders): string | null {
  const active = trace.getSpanContext(context.active());
  if (active) return toTraceparent(active);
  return toTraceparent(trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers)));
}
