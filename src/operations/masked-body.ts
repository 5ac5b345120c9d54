import { maskSecrets } from '../common/mask-secrets.js';
import type { BodyEncoding } from '../events/payload/kept-body.js';

/** In a body that is no JSON nobody can tell where a text ends: what looks like a signature goes too. */
const SIGNATURES = /[0-9a-f]{32,}/gi;

/** A stored body without its secrets, in its encoding. */
export function maskedBody(body: string, encoding: BodyEncoding): string {
  if (encoding === 'utf8') return isJson(body) ? maskSecrets(body) : maskedText(body);
  // A character per byte.
  const text = maskedText(Buffer.from(body, encoding).toString('latin1'));
  return Buffer.from(text, 'latin1').toString(encoding);
}

function maskedText(text: string): string {
  return maskSecrets(text).replace(SIGNATURES, '***');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
