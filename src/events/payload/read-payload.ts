import { isAscii } from 'node:buffer';

import { parsePayload, type Payload } from './payload.js';
import { PayloadError } from './payload.error.js';
import { salvagePayload } from './salvaged-payload.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a body: as JSON, or what can be read of it where it is not.
 *
 * @param onText told the body as text, where it is JSON
 * @throws PayloadError where it is JSON but no payload, or nothing can be read
 */
export function readPayload(body: Buffer, onText?: (text: string) => void): Payload {
  const text = textOf(body);
  if (text === null) return salvaged(body, 'utf8-invalid');
  try {
    const payload = parsePayload(text);
    onText?.(text);
    return payload;
  } catch (error) {
    if (error instanceof PayloadError && error.reason === 'json-invalid') {
      return salvaged(body, error.reason);
    }
    throw error;
  }
}

function textOf(body: Buffer): string | null {
  if (isAscii(body)) return body.toString('latin1');
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

function salvaged(bytes: Buffer, reason: 'json-invalid' | 'utf8-invalid'): Payload {
  const payload = salvagePayload(bytes);
  if (payload === null) throw new PayloadError(reason);
  return { ...payload, unreadable: { bytes, reason } };
}
