import { Agent } from 'node:http';

import { CommonClient } from 'tencentcloud-sdk-nodejs-common';

import {
  CloudApiServer,
  EMULATOR_CREDENTIAL,
  type ApiCredential,
  type CloudApiServerOptions,
} from '../../src/emulator/api/index.js';
import { tc3Signature, dateOf } from '../../src/emulator/api/tc3.signature.js';
import { onTestFinished } from '../support/current-test.js';

const VERSION = '2018-08-01';

/** An API that listens until the test is over. */
export async function scratchApi(options: CloudApiServerOptions = {}): Promise<CloudApiServer> {
  const api = new CloudApiServer(options);
  await api.listen();
  onTestFinished(() => api.close());
  return api;
}

/** What the official SDK rejects with. */
export interface SdkError extends Error {
  readonly code?: string;
  readonly requestId?: string;
  readonly httpCode?: number;
}

/** How a client of the official SDK is set up. */
export interface SdkOptions {
  credential?: Partial<ApiCredential>;
  method?: 'GET' | 'POST';
  /** Host name of the endpoint, which is looked up as the loopback. Default: 127.0.0.1. */
  host?: string;
  timeoutSeconds?: number;
}

/** The generic client of the official SDK, pointed at the API. */
export function sdkClient(api: CloudApiServer, options: SdkOptions = {}): CommonClient {
  const { port } = new URL(api.url);
  const { credential = EMULATOR_CREDENTIAL, method = 'POST', host = '127.0.0.1' } = options;
  const agent = new Agent({
    lookup: (_name, { all }, done) =>
      all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
  });
  return new CommonClient(`${host}:${port}`, VERSION, {
    credential,
    profile: {
      httpProfile: {
        protocol: 'http://',
        reqMethod: method,
        reqTimeout: options.timeoutSeconds ?? 5,
        agent,
      },
    },
  });
}

/** The code of the error that a call of the SDK ends with. */
export async function sdkCodeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
  } catch (error) {
    return (error as SdkError).code ?? (error as Error).message;
  }
  throw new Error('The call succeeded');
}

/** A request that need not be well formed. */
export interface RawCall {
  method?: string;
  path?: string;
  body?: string;
  /** Replace the usual headers; null leaves one out. */
  headers?: Record<string, string | null>;
  /** Unix seconds at which it is signed. Default: now. */
  timestamp?: number;
  service?: string;
  signedHeaders?: readonly string[];
  secretKey?: string;
}

/** Sends a request signed by hand. */
export async function rawCall(
  api: CloudApiServer,
  action: string | null,
  call: RawCall = {},
): Promise<{ status: number; headers: Headers; code: string | undefined; response: Envelope }> {
  const { method = 'POST', path = '/', body = '{}', service = 'live' } = call;
  const timestamp = call.timestamp ?? Math.floor(Date.now() / 1000);
  const headers: Record<string, string> = {};
  const given = {
    'content-type': 'application/json',
    'x-tc-action': action,
    'x-tc-version': VERSION,
    'x-tc-timestamp': String(timestamp),
    ...call.headers,
  };
  for (const [name, value] of Object.entries(given)) {
    if (value !== null) headers[name] = value;
  }
  const names = call.signedHeaders ?? ['content-type', 'host'];
  const signed = names.map((name): [string, string] => [
    name,
    name === 'host' ? new URL(api.url).host : (headers[name] ?? ''),
  ]);
  if (!('authorization' in given)) {
    const signature = tc3Signature({
      method,
      query: path.split('?')[1] ?? '',
      headers: signed,
      signedHeaders: names.join(';'),
      body: method === 'GET' ? '' : body,
      timestamp,
      service,
      secretKey: call.secretKey ?? EMULATOR_CREDENTIAL.secretKey,
    });
    headers['authorization'] =
      `TC3-HMAC-SHA256 Credential=${EMULATOR_CREDENTIAL.secretId}/${dateOf(timestamp)}/${service}/tc3_request, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  }
  const response = await fetch(api.url + path, {
    method,
    headers,
    ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
  });
  const { Response } = (await response.json()) as { Response: Envelope };
  return {
    status: response.status,
    headers: response.headers,
    code: Response.Error?.Code,
    response: Response,
  };
}

interface Envelope {
  readonly Error?: { readonly Code: string; readonly Message: string };
  readonly RequestId: string;
  readonly [field: string]: unknown;
}
