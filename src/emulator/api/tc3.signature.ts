import { createHash, createHmac } from 'node:crypto';

/** Name of the scheme, as `Authorization` and the signed text begin with. */
export const TC3 = 'TC3-HMAC-SHA256';

/** What a signature is computed from. */
export interface Tc3Input {
  readonly method: string;
  /** The exact text after `?` of a GET; empty for a POST. */
  readonly query: string;
  /** Names and values of the signed headers. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As named by the signer, joined by `;`. */
  readonly signedHeaders: string;
  /** The exact bytes of a POST; empty for a GET. */
  readonly body: Buffer | string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly service: string;
  readonly secretKey: string;
}

/** The text whose hash is signed. */
export function canonicalRequest(
  input: Omit<Tc3Input, 'timestamp' | 'service' | 'secretKey'>,
): string {
  const { method, query, headers, signedHeaders, body } = input;
  const lines = headers
    .map(([name, value]) => `${name.toLowerCase()}:${value.trim()}\n`)
    .toSorted()
    .join('');
  return [method, '/', query, lines, signedHeaders, sha256(body)].join('\n');
}

/** The signature, lower-case hex. */
export function tc3Signature(input: Tc3Input): string {
  const { timestamp, service, secretKey } = input;
  const date = dateOf(timestamp);
  const scope = `${date}/${service}/tc3_request`;
  const text = [TC3, timestamp, scope, sha256(canonicalRequest(input))].join('\n');
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
  return hmac(key, text).toString('hex');
}

/** The UTC date of a time in seconds: `YYYY-MM-DD`. */
export function dateOf(timestamp: number): string {
  return new Date(timestamp * 1000).toISOString().slice(0, 10);
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
