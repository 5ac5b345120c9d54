import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { requireOptional } from '../../common/require-optional.js';
import { integer } from '../../options/option.checks.js';
import type { CloudApi } from './cloud-api.js';
import { CloudApiError, type CloudFailure } from './cloud-api.error.js';
import {
  checkProxy,
  DEFAULT_ENDPOINT,
  parseEndpoint,
  proxyVariables,
  type Endpoint,
} from './endpoint.js';
import { adviceOn } from './failure-class.js';
import { maskSecretsIn, maskUrl } from './mask.js';
import { CloudError } from './cloud.error.js';
import { checkCredentials, type TencentCredentials } from './tencent-credentials.js';

type Sdk = typeof import('tencentcloud-sdk-nodejs-common');
type Parameters = Readonly<Record<string, unknown>>;

const PACKAGE = 'tencentcloud-sdk-nodejs-common';
const VERSION = '2018-08-01';
const DEFAULT_TIMEOUT_MS = 15_000;

/** How a {@link TencentCloudApi} reaches the cloud. */
export interface TencentCloudApiOptions {
  credentials: TencentCredentials;
  /** URL or host. Default: `https://live.tencentcloudapi.com`. */
  endpoint?: string;
  /** URL of an HTTP proxy. Variables of the environment are not read. Default: none. */
  proxy?: string;
  /** How long one call may take, ms. Default: 15000. */
  timeoutMs?: number;
}

/**
 * The cloud API over the official SDK (`tencentcloud-sdk-nodejs-common`, an optional peer), loaded
 * with the first call.
 */
export class TencentCloudApi implements CloudApi {
  private readonly endpoint: Endpoint;
  private readonly credentials: TencentCredentials;
  private readonly proxy: string | undefined;
  private readonly timeoutMs: number;
  private sdk: Sdk | undefined;

  /** @throws CloudError for options that cannot be used */
  constructor(options: TencentCloudApiOptions) {
    this.endpoint = parseEndpoint(options.endpoint ?? DEFAULT_ENDPOINT);
    this.credentials = checkCredentials(options.credentials);
    this.proxy = options.proxy === undefined ? undefined : checkProxy(options.proxy);
    this.timeoutMs = integer('timeoutMs', options.timeoutMs ?? DEFAULT_TIMEOUT_MS, 1, 600_000);
  }

  async call(action: string, parameters: Parameters, region?: string): Promise<Parameters> {
    const { CommonClient } = this.load();
    const hops = new HopGuard(this.endpoint);
    const client = new CommonClient(this.endpoint.host, VERSION, {
      credential: this.credentials,
      ...(region !== undefined && { region }),
      profile: {
        httpProfile: {
          protocol: this.endpoint.protocol,
          reqTimeout: this.timeoutMs / 1000,
          // An agent keeps the SDK from `http_proxy`, which it would use even for the loopback.
          ...(this.proxy ? { proxy: this.proxy } : { agent: hops.agent as unknown as HttpAgent }),
        },
      },
    });
    // The SDK counts its time anew for the body, and waits on when a body is cut off.
    const deadline = AbortSignal.timeout(this.timeoutMs);
    try {
      const result: unknown = await client.request(action, parameters, { signal: deadline });
      if (isResult(result)) return result;
    } catch (error) {
      throw this.explain(action, parameters, error as SdkFailure, hops, deadline.aborted);
    }
    throw this.failure(action, parameters, 'The answer has no RequestId.');
  }

  private load(): Sdk {
    this.sdk ??= requireOptional(
      PACKAGE,
      (cause) =>
        new CloudError(
          'package-missing',
          `The cloud API needs the package ${PACKAGE}: npm install ${PACKAGE}`,
          { cause },
        ),
    ) as Sdk;
    return this.sdk;
  }

  private explain(
    action: string,
    parameters: Parameters,
    error: SdkFailure,
    hops: HopGuard,
    isLate: boolean,
  ): CloudApiError {
    const { code, httpCode, requestId, message } = error;
    if (code) {
      return new CloudApiError({
        action,
        cloudCode: code,
        requestId: requestId || null,
        problem: sentence(this.mask(message, parameters)),
        advice: adviceOn(code),
      });
    }
    const target = hops.redirectedTo;
    if (target !== undefined || (httpCode && httpCode >= 300 && httpCode < 400)) {
      return new CloudApiError({
        action,
        cloudCode: null,
        requestId: null,
        problem: `${this.where} redirects${target ? ` to ${target}` : ''}, which the API never does; nothing was sent there.`,
        advice: 'Check the endpoint, and whether a gateway of the network asks for a login.',
        failureClass: 'fatal',
      });
    }
    if (httpCode) {
      return this.failure(action, parameters, `${this.where} answered with status ${httpCode}.`);
    }
    const problem = isLate
      ? `${this.where} did not answer in ${this.timeoutMs} ms.`
      : `${this.where} cannot be reached or understood: ${message}`;
    return this.failure(action, parameters, problem);
  }

  private failure(action: string, parameters: Parameters, problem: string): CloudApiError {
    const failure: CloudFailure = {
      action,
      cloudCode: null,
      requestId: null,
      problem: sentence(this.mask(problem, parameters)),
      advice: `Check the endpoint and the network, and run again.${this.proxyHint()}`,
    };
    return new CloudApiError(failure);
  }

  private get where(): string {
    const { protocol, host } = this.endpoint;
    return `${protocol}${host}${this.proxy ? ` (by the proxy ${maskUrl(this.proxy)})` : ''}`;
  }

  private proxyHint(): string {
    const names = this.proxy ? [] : proxyVariables(process.env);
    if (names.length === 0) return '';
    return ` ${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} set in the environment, but not used: give the option "proxy" to go by a proxy.`;
  }

  private mask(text: string, parameters: Parameters): string {
    const { secretKey, token } = this.credentials;
    const { CallbackKey } = parameters;
    const masked = maskSecretsIn(text, [secretKey, token, this.proxy, CallbackKey as string]);
    return masked.replace(/https?:\/\/[^\s"'<>]+/g, maskUrl);
  }
}

/** What the SDK rejects with; its class is not exported. */
interface SdkFailure extends Error {
  readonly code?: string;
  readonly httpCode?: number;
  readonly requestId?: string;
}

/** Gives an agent for the first request of a call and for no other: a further one is a redirect. */
class HopGuard {
  redirectedTo: string | undefined;
  private hops = 0;

  constructor(private readonly endpoint: Endpoint) {}

  readonly agent = (url: URL): HttpAgent => {
    this.hops++;
    if (this.hops > 1) {
      this.redirectedTo = `${url.protocol}//${url.host}`;
      throw new Error('The endpoint redirects.');
    }
    return this.endpoint.protocol === 'http://' ? new HttpAgent() : new HttpsAgent();
  };
}

function isResult(result: unknown): result is Parameters {
  return (
    typeof result === 'object' &&
    result !== null &&
    typeof (result as Parameters)['RequestId'] === 'string'
  );
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?。]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
