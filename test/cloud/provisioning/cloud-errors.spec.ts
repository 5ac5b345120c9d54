/**
 * What the cloud, and the way to it, can answer: the error tells code, RequestId and what to do, and
 * holds no secret. Over real HTTP, with the official SDK.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { EMULATOR_CREDENTIAL, type FaultEffect } from '../../../src/emulator/api/index.js';
import {
  CloudApiError,
  credentialsFromEnvironment,
  TencentCloudApi,
} from '../../../src/cloud/index.js';
import { failureClassOf } from '../../../src/cloud/api/failure-class.js';
import { scratchApi } from '../../emulator/api-support.js';
import { freePort } from '../../support/free-port.js';
import { cloudOf, errorOf, KEY, provisionerOf, STATE, writesOf } from './provisioning-support.js';

const SECRETS = new RegExp(`${KEY}|${EMULATOR_CREDENTIAL.secretKey}|url-token|proxy-password`);

describe('an API error', () => {
  it.each<[string, string]>([
    ['AuthFailure.SecretIdNotFound', 'Check SecretId and SecretKey.'],
    ['AuthFailure.SignatureFailure', 'Check SecretId and SecretKey.'],
    ['AuthFailure.TokenFailure', 'The temporary credentials have expired'],
    ['UnauthorizedOperation', 'live:*LiveCallback*'],
    ['IpNotInWhitelist', 'admits other addresses only'],
    ['InvalidParameter.UrlNotSafe', 'a public name that resolves'],
    ['InvalidParameterValue', 'See the error codes'],
    ['UnknownParameter', 'international'],
    ['NoSuchVersion', 'Check the endpoint'],
    ['ResourceNotFound.StopService', 'state of the account'],
    ['UnsupportedOperation.NotLVBCodeMode', 'state of the account'],
  ])('%s ends the run at once, with what to do', async (code, advice) => {
    const api = await scratchApi();
    api.fail({ action: 'CreateLiveCallbackTemplate', effect: { error: code } });
    const error = await errorOf(provisionerOf(api).apply());
    expect(error).toBeInstanceOf(CloudApiError);
    expect(error).toMatchObject({ reason: 'cloud', cloudCode: code, failureClass: 'fatal' });
    expect(error.message).toMatch(
      /^CreateLiveCallbackTemplate failed \(\S+, RequestId [0-9a-f-]{36}\): A fault on demand\. /,
    );
    expect(error.message).toContain(advice);
    expect(writesOf(api)).toHaveLength(1);
    await provisionerOf(api).apply();
    expect(api.templates.rules).toHaveLength(3);
  });

  it('about the clock is tried once more, and then says so', async () => {
    const api = await scratchApi();
    api.shiftClock(400_000);
    const error = await errorOf(provisionerOf(api).plan());
    expect(error).toMatchObject({
      cloudCode: 'AuthFailure.SignatureExpire',
      failureClass: 'clock',
    });
    expect(error.message).toContain('The clock of this machine is more than five minutes off');
    expect(api.requests).toHaveLength(2);
  });

  it('is classed by the end of its code', () => {
    const classes = [
      'RequestLimitExceeded.IPLimitExceeded',
      'ServiceUnavailable',
      'InternalError',
      'InternalError.ConfInUsed',
      'FailedOperation.NotFound',
      'InternalError.RuleAlreadyExist',
      'LimitExceeded',
      'InternalError.ArgsNotMatch',
      'MissingParameter',
    ].map((code) => failureClassOf(code));
    expect(classes).toEqual([
      'throttled',
      'transient',
      'ambiguous',
      'in-use',
      'gone',
      'exists',
      'quota',
      'fatal',
      'fatal',
    ]);
  });
});

describe('a failure on the way', () => {
  it.each<[string, FaultEffect, RegExp]>([
    ['a gateway', { status: 503 }, /answered with status 503\./],
    ['a connection that ends', { drop: true }, /cannot be reached or understood: .*hang up/],
    ['a page instead of JSON', { notJson: true }, /cannot be reached or understood: .*json/],
    ['a body that is cut off', { truncated: true }, /did not answer in 200 ms\./],
    ['a body that stalls', { stalled: true }, /did not answer in 200 ms\./],
    ['an answer that is late', { delayMs: 5_000 }, /did not answer in 200 ms\./],
  ])('such as %s is tried again, and then told', async (_name, effect, problem) => {
    const api = await scratchApi();
    const cloud = cloudOf(api, { timeoutMs: 200 });
    const action = 'DescribeLiveCallbackTemplates';
    api.fail({ action, when: 'after', count: 2, effect });
    const error = await errorOf(provisionerOf(api, STATE, { api: cloud, attempts: 2 }).plan());
    expect(error).toMatchObject({ cloudCode: null, requestId: null, failureClass: 'transient' });
    expect(error.message).toMatch(problem);
    expect(error.message).toContain(`http://127.0.0.1:`);
    expect(error.message).toContain('Check the endpoint and the network, and run again.');
    expect(api.requests).toHaveLength(2);
    await provisionerOf(api).plan();
  });

  it('such as an endpoint where nobody listens is told', async () => {
    const port = await freePort();
    const cloud = new TencentCloudApi({
      endpoint: `http://127.0.0.1:${port}`,
      credentials: EMULATOR_CREDENTIAL,
    });
    const error = await errorOf(cloud.call('DescribeLiveCallbackRules', {}));
    expect(error.message).toContain(`http://127.0.0.1:${port} cannot be reached`);
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('such as a server that is no API is told', async () => {
    const server = createServer((_request, response) =>
      response.setHeader('content-type', 'application/json').end('{"Response":{"Templates":3}}'),
    ).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const cloud = new TencentCloudApi({
      endpoint: `http://localhost:${port}`.replace('localhost', '127.0.0.1'),
      credentials: EMULATOR_CREDENTIAL,
    });
    const error = await errorOf(cloud.call('DescribeLiveCallbackTemplates', {}));
    expect(error.message).toContain('The answer has no RequestId.');
  });
});

describe('an endpoint that redirects', () => {
  it.each([301, 302, 307, 308])(
    'with %d is not followed, so that no key goes there',
    async (status) => {
      const api = await scratchApi();
      const elsewhere = await scratchApi({ unsigned: true });
      const effect = { redirect: `${elsewhere.url}/login`, status };
      api.fail({ action: '*', count: 9, effect });
      const error = await errorOf(provisionerOf(api).apply());
      expect(error).toMatchObject({ cloudCode: null, failureClass: 'fatal' });
      expect(error.message).toContain(`redirects to ${elsewhere.url}, which the API never does`);
      expect(elsewhere.requests).toEqual([]);
      expect(api.requests).toHaveLength(1);
    },
  );

  it('to itself is not followed either', async () => {
    const api = await scratchApi();
    api.fail({ action: '*', effect: { redirect: `${api.url}/`, status: 307 } });
    const error = await errorOf(provisionerOf(api).plan());
    expect(error.message).toContain('redirects to');
    expect(api.requests).toHaveLength(1);
  });
});

describe('a proxy', () => {
  /** A proxy that knows CONNECT, and notes it. */
  async function scratchProxy() {
    const { connect } = await import('node:net');
    const targets: string[] = [];
    const server = createServer((_request, response) => response.writeHead(400).end());
    server.on('connect', (request, socket) => {
      targets.push(request.url ?? '');
      const [host, port] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, targets };
  }

  it('of the environment is not used, and named when a call fails', async () => {
    const dead = `http://user:proxy-password@127.0.0.1:${await freePort()}`;
    for (const name of ['http_proxy', 'HTTPS_PROXY']) vi.stubEnv(name, dead);
    onTestFinished(() => void vi.unstubAllEnvs());
    const api = await scratchApi();
    await provisionerOf(api).apply();
    await api.close();
    const error = await errorOf(
      provisionerOf(api, STATE, {
        attempts: 1,
        api: new TencentCloudApi({
          endpoint: `http://127.0.0.1:${await freePort()}`,
          credentials: EMULATOR_CREDENTIAL,
        }),
      }).plan(),
    );
    expect(error.message).toContain(
      'HTTPS_PROXY, http_proxy are set in the environment, but not used: give the option "proxy" to go by a proxy.',
    );
    expect(error.message).not.toMatch(SECRETS);
  });

  it('that is given is used', async () => {
    const api = await scratchApi();
    const proxy = await scratchProxy();
    await provisionerOf(api, STATE, { api: cloudOf(api, { proxy: proxy.url }) }).apply();
    expect(api.templates.rules).toHaveLength(3);
    expect(new Set(proxy.targets)).toEqual(new Set([new URL(api.url).host]));
  });

  it('that is away is named, without its password', async () => {
    const api = await scratchApi();
    const proxy = `http://user:proxy-password@127.0.0.1:${await freePort()}`;
    const cloud = cloudOf(api, { proxy });
    const error = await errorOf(provisionerOf(api, STATE, { api: cloud, attempts: 1 }).plan());
    expect(error.message).toContain('(by the proxy http://***@127.0.0.1:');
    expect(error.message).not.toMatch(SECRETS);
  });
});

describe('secrets', () => {
  it('that a cloud repeats in its messages are masked', async () => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const Error = { Code: 'InvalidParameterValue', Message: `Bad request: ${body}` };
        const RequestId = 'request-1';
        const isRead = String(request.headers['x-tc-action']).startsWith('Describe');
        const Response = isRead ? { Templates: [], Rules: [], RequestId } : { Error, RequestId };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ Response }));
      });
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const cloud = new TencentCloudApi({
      endpoint: `http://127.0.0.1:${port}`,
      credentials: EMULATOR_CREDENTIAL,
    });
    const state = { ...STATE, urlToken: 'a-secret-url-token' };
    const api = await scratchApi();
    const error = await errorOf(provisionerOf(api, state, { api: cloud }).apply());
    expect(error.message).toContain('RequestId request-1');
    expect(error.message).toContain('"CallbackKey":"***"');
    expect(error.message).not.toMatch(SECRETS);
    expect(JSON.stringify(Object.entries(error))).not.toMatch(SECRETS);
  });
});

describe('the way to the cloud is refused', () => {
  const credentials = EMULATOR_CREDENTIAL;
  it.each<[string, object, string]>([
    [
      'without a SecretId',
      { credentials: { secretKey: 'x' } },
      'credentials.secretId must be a non-empty string without white space.',
    ],
    ['without credentials', { credentials: undefined }, 'credentials.secretId must be'],
    [
      'with an empty SecretKey',
      { credentials: { secretId: 'x', secretKey: '' } },
      'credentials.secretKey must be',
    ],
    [
      'with a SecretKey that has a line end',
      { credentials: { secretId: 'x', secretKey: 'y\n' } },
      'credentials.secretKey must be',
    ],
    [
      'over plain http',
      { credentials, endpoint: 'http://live.tencentcloudapi.com' },
      'endpoint must be https, because requests carry callback keys, not "http://live.tencentcloudapi.com".',
    ],
    [
      'with a path',
      { credentials, endpoint: 'https://live.tencentcloudapi.com/v3' },
      'endpoint must be a host only',
    ],
    [
      'with an endpoint that is none',
      { credentials, endpoint: 'not a host' },
      'endpoint must be an http or https URL, not "https://not a host".',
    ],
    [
      'with a proxy that is none',
      { credentials, proxy: 'socks5://u:pw@a' },
      'proxy must be an http or https URL, not "socks5://***@a".',
    ],
  ])('%s', (_name, options, problem) => {
    expect(() => new TencentCloudApi(options as never)).toThrow(problem);
  });

  it('when the environment has no credentials, by the names of the variables', () => {
    expect(
      credentialsFromEnvironment({
        TENCENTCLOUD_SECRET_ID: ' id ',
        TENCENTCLOUD_SECRET_KEY: 'key',
        TENCENTCLOUD_TOKEN: 'token',
      }),
    ).toEqual({ secretId: 'id', secretKey: 'key', token: 'token' });
    expect(() => credentialsFromEnvironment({ TENCENTCLOUD_SECRET_ID: 'id' })).toThrow(
      'TENCENTCLOUD_SECRET_KEY is not set',
    );
  });
});

describe('temporary credentials', () => {
  it('are sent with their token', async () => {
    const credential = { secretId: 'AKIDtemporary', secretKey: 'sk', token: 'the-token' };
    const api = await scratchApi({ credentials: [credential] });
    await provisionerOf(api, STATE, { api: cloudOf(api, { credentials: credential }) }).apply();
    expect(api.templates.rules).toHaveLength(3);
  });
});
