import { setTimeout as delay } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';

import type { FaultEffect } from './api.fault.js';

/** The envelope of a result. */
export function resultEnvelope(result: Record<string, unknown>, requestId: string): string {
  return JSON.stringify({ Response: { ...result, RequestId: requestId } });
}

/** The envelope of an error. */
export function errorEnvelope(code: string, message: string, requestId: string): string {
  return JSON.stringify({
    Response: { Error: { Code: code, Message: message }, RequestId: requestId },
  });
}

/** Answers as the API does: status 200, whatever the envelope says. */
export function sendEnvelope(response: ServerResponse, envelope: string): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(envelope),
  });
  response.end(envelope);
}

/** Answers as a fault on demand says; `envelope` is what it would have been. */
export async function sendFault(
  response: ServerResponse,
  effect: FaultEffect,
  envelope: string,
  requestId: string,
): Promise<void> {
  if ('error' in effect) {
    sendEnvelope(response, errorEnvelope(effect.error, 'A fault on demand.', requestId));
  } else if ('redirect' in effect) {
    response.writeHead(effect.status ?? 302, { location: effect.redirect }).end();
  } else if ('status' in effect) {
    response.writeHead(effect.status, { 'content-type': 'text/html' }).end('<h1>Gateway</h1>');
  } else if ('delayMs' in effect) {
    await delay(effect.delayMs, undefined, { ref: false });
    sendEnvelope(response, envelope);
  } else if ('drop' in effect) {
    response.destroy();
  } else if ('notJson' in effect) {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>');
  } else {
    sendHalf(response, envelope, 'truncated' in effect);
  }
}

function sendHalf(response: ServerResponse, envelope: string, ends: boolean): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(envelope),
  });
  response.write(envelope.slice(0, envelope.length / 2), () => {
    if (ends) response.destroy();
  });
}
