import type { IncomingMessage } from 'node:http';

import { CloudFault } from '../templates/cloud.fault.js';

/** The platform takes no larger requests, bytes. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** A request of the cloud API, read in whole. */
export interface ApiRequest {
  readonly method: string;
  /** The exact text after `?`. */
  readonly query: string;
  readonly body: Buffer;
  /** Value of a header; undefined when it is absent. */
  header(name: string): string | undefined;
}

/**
 * Reads a request to its end.
 *
 * @throws CloudFault when it is too large
 */
export async function readRequest(incoming: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read on all the same: an answer on a connection that is still being written to gets lost.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES) {
    throw new CloudFault(
      'RequestSizeLimitExceeded',
      `The request is larger than ${MAX_BODY_BYTES} bytes.`,
    );
  }
  const { method = '', url = '/', headers } = incoming;
  const at = url.indexOf('?');
  return {
    method,
    query: at < 0 ? '' : url.slice(at + 1),
    body: Buffer.concat(chunks),
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}
