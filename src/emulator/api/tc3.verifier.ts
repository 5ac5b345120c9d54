import { isSameSecret } from '../../common/same-secret.js';
import { CloudFault } from '../templates/cloud.fault.js';
import type { ApiRequest } from './api.request.js';
import { dateOf, TC3, tc3Signature } from './tc3.signature.js';

/** A key pair that may call the API. */
export interface ApiCredential {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary credentials: expected as `X-TC-Token`. Default: none is looked at. */
  readonly token?: string;
}

/** How far the clock of a caller may be off, seconds. */
const MAX_SKEW_SECONDS = 300;
const AUTHORIZATION = new RegExp(
  `^${TC3} Credential=([^/,\\s]+)/(\\d{4}-\\d{2}-\\d{2})/([^/,\\s]+)/tc3_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`,
);
const MANDATORY_HEADERS = ['content-type', 'host'];

/**
 * Verifies who sends a request, in the order of the cloud: form, key, time, signature.
 *
 * @param isStrict whether the scope must name the service `live`; the official SDK names the first
 *   label of the endpoint, which on the loopback is another
 * @throws CloudFault
 */
export function verifyTc3(
  request: ApiRequest,
  credentials: readonly ApiCredential[],
  now: number,
  isStrict: boolean,
): void {
  const [, secretId, date, service = '', signedHeaders = '', signature = ''] =
    AUTHORIZATION.exec(request.header('authorization') ?? '') ?? [];
  const names = signedHeaders.split(';');
  if (!secretId || MANDATORY_HEADERS.some((name) => !names.includes(name))) {
    throw new CloudFault(
      'AuthFailure.InvalidAuthorization',
      `Authorization must be "${TC3} Credential=…, SignedHeaders=content-type;host, Signature=…".`,
    );
  }
  const credential = credentials.find((one) => one.secretId === secretId);
  if (!credential) {
    throw new CloudFault('AuthFailure.SecretIdNotFound', 'The SecretId is not known.');
  }
  const timestamp = timestampOf(request, now);
  const isRightScope = date === dateOf(timestamp) && (!isStrict || service === 'live');
  const { secretKey, token } = credential;
  const isSigned = headerVariants(request, names).some((headers) =>
    isSameSecret(
      signature,
      tc3Signature({
        method: request.method,
        query: request.query,
        body: request.method === 'GET' ? '' : request.body,
        headers,
        signedHeaders,
        timestamp,
        service,
        secretKey,
      }),
    ),
  );
  if (!isRightScope || !isSigned) {
    throw new CloudFault('AuthFailure.SignatureFailure', 'The signature does not fit the request.');
  }
  if (token !== undefined && request.header('x-tc-token') !== token) {
    throw new CloudFault('AuthFailure.TokenFailure', 'The token does not belong to the key.');
  }
}

function timestampOf(request: ApiRequest, now: number): number {
  const text = request.header('x-tc-timestamp');
  if (text === undefined) throw new CloudFault('MissingParameter', 'X-TC-Timestamp is missing.');
  if (!/^\d{1,11}$/.test(text)) {
    throw new CloudFault('InvalidParameter', 'X-TC-Timestamp must be Unix seconds.');
  }
  const timestamp = Number(text);
  if (Math.abs(now / 1000 - timestamp) > MAX_SKEW_SECONDS) {
    throw new CloudFault(
      'AuthFailure.SignatureExpire',
      `X-TC-Timestamp is more than ${MAX_SKEW_SECONDS} seconds from the time here.`,
    );
  }
  return timestamp;
}

/** Clients sign the host with or without its port, and values as they are or in lower case. */
function headerVariants(request: ApiRequest, names: readonly string[]): [string, string][][] {
  const host = request.header('host') ?? '';
  const hosts = new Set([host, host.replace(/:\d+$/, '')]);
  return [...hosts].flatMap((oneHost) => {
    const raw = names.map((name): [string, string] => [
      name,
      name === 'host' ? oneHost : (request.header(name) ?? ''),
    ]);
    const lowered = raw.map(([name, value]): [string, string] => [name, value.toLowerCase()]);
    return [raw, lowered];
  });
}
