/**
 * TC3-HMAC-SHA256: the vendor's published vector, requests signed by the official SDK, and what is
 * refused, in the order of the checks.
 */
import { describe, expect, it } from 'vitest';

import {
  canonicalRequest,
  tc3Signature,
  type Tc3Input,
} from '../../src/emulator/api/tc3.signature.js';
import { createHash } from 'node:crypto';
import { rawCall, scratchApi, sdkClient, sdkCodeOf, type RawCall } from './api-support.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const WORKED: Tc3Input = {
  method: 'POST',
  query: '',
  headers: [
    ['content-type', 'application/json'],
    ['host', 'live.tencentcloudapi.com'],
  ],
  signedHeaders: 'content-type;host',
  body: '{"TemplateName":"demo_tpl","StreamBeginNotifyUrl":"https://hooks.example.test/push","CallbackKey":"Abc123"}',
  timestamp: 1700000000,
  service: 'live',
  secretKey: 'fakeSecretKeyForLocalTests0001',
};

describe('a signature is reproduced', () => {
  it('for a POST with two signed headers', () => {
    expect(sha256(canonicalRequest(WORKED))).toBe(
      '00a321784f31186ae544897c062ac7e60f0b1e26b0c8a2aa17d16f4901f33a9a',
    );
    expect(tc3Signature(WORKED)).toBe(
      'adfc63d077a43e3935d0b2adb0abd05efe67b172e504d239c8680081d0955f35',
    );
  });

  it('for a POST that signs the action too', () => {
    const withAction: Tc3Input = {
      ...WORKED,
      headers: [...WORKED.headers, ['x-tc-action', 'createlivecallbacktemplate']],
      signedHeaders: 'content-type;host;x-tc-action',
    };
    expect(sha256(canonicalRequest(withAction))).toBe(
      '345e913d44c5709a4d631902bfdc24b1254cd96f327719bcd83d8a918708e466',
    );
    expect(tc3Signature(withAction)).toBe(
      '9ab881caa2347089034239d70d5412949bd899bb96a148c5084fd7179698a281',
    );
  });

  it('for a GET', () => {
    const get: Tc3Input = {
      ...WORKED,
      method: 'GET',
      query: 'DomainName=push.example.test&AppName=live',
      headers: [
        ['content-type', 'application/x-www-form-urlencoded'],
        ['host', 'live.tencentcloudapi.com'],
      ],
      body: '',
    };
    expect(tc3Signature(get)).toBe(
      '733b8e87f78637711171e449eb90ebb40ff322f3c0108aab0edfd41ddc17c216',
    );
  });

  it('for the example that the vendor publishes', () => {
    const published: Tc3Input = {
      method: 'POST',
      query: '',
      headers: [
        ['content-type', 'application/json; charset=utf-8'],
        ['host', 'cvm.tencentcloudapi.com'],
        ['x-tc-action', 'describeinstances'],
      ],
      signedHeaders: 'content-type;host;x-tc-action',
      body: '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
      timestamp: 1551113065,
      service: 'cvm',
      secretKey: '*'.repeat(32),
    };
    expect(sha256(String(published.body))).toBe(
      '35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064',
    );
    expect(tc3Signature(published)).toBe(
      '10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f',
    );
  });
});

describe('the official SDK is let in', () => {
  it.each(['POST', 'GET'] as const)('with %s on the loopback', async (method) => {
    const api = await scratchApi();
    const result = await sdkClient(api, { method }).request('DescribeLiveCallbackTemplates', {});
    expect(result).toMatchObject({ Templates: [], RequestId: expect.any(String) });
  });

  it('with a host name that gives the scope "live", which the strict mode wants', async () => {
    const api = await scratchApi({ strictService: true });
    const named = sdkClient(api, { host: 'live.emulator.test' });
    expect(await named.request('DescribeLiveCallbackRules', {})).toMatchObject({ Rules: [] });
    const unnamed = sdkClient(api).request('DescribeLiveCallbackRules', {});
    expect(await sdkCodeOf(unnamed)).toBe('AuthFailure.SignatureFailure');
  });

  it('with temporary credentials only together with their token', async () => {
    const credential = { secretId: 'AKIDtemporary', secretKey: 'sk', token: 'the-token' };
    const api = await scratchApi({ credentials: [credential] });
    await sdkClient(api, { credential }).request('DescribeLiveCallbackRules', {});
    const withoutToken = { secretId: 'AKIDtemporary', secretKey: 'sk' };
    const call = sdkClient(api, { credential: withoutToken }).request(
      'DescribeLiveCallbackRules',
      {},
    );
    expect(await sdkCodeOf(call)).toBe('AuthFailure.TokenFailure');
  });

  it('but not with a wrong key, an unknown one, none, or without a signature', async () => {
    const api = await scratchApi();
    const codeWith = (credential: { secretId?: string; secretKey?: string }) =>
      sdkCodeOf(sdkClient(api, { credential }).request('DescribeLiveCallbackRules', {}));
    expect(await codeWith({ secretId: 'AKIDEMULATOR0001', secretKey: 'wrong' })).toBe(
      'AuthFailure.SignatureFailure',
    );
    expect(await codeWith({ secretId: 'AKIDother', secretKey: 'x' })).toBe(
      'AuthFailure.SecretIdNotFound',
    );
    expect(await codeWith({})).toBe('AuthFailure.SecretIdNotFound');
    const skipped = sdkClient(api).request('DescribeLiveCallbackRules', {}, { skipSign: true });
    expect(await sdkCodeOf(skipped)).toBe('AuthFailure.InvalidAuthorization');
  });
});

describe('a request is refused', () => {
  const DAY = 86_400;
  const now = () => Math.floor(Date.now() / 1000);

  it.each<[string, string | null, () => RawCall, string]>([
    ['with another method', 'X', () => ({ method: 'PUT' }), 'UnsupportedProtocol'],
    [
      'without Authorization',
      'X',
      () => ({ headers: { authorization: null } }),
      'AuthFailure.InvalidAuthorization',
    ],
    [
      'with another scheme',
      'X',
      () => ({ headers: { authorization: 'Bearer token' } }),
      'AuthFailure.InvalidAuthorization',
    ],
    [
      'when content-type is not signed',
      'X',
      () => ({ signedHeaders: ['host'] }),
      'AuthFailure.InvalidAuthorization',
    ],
    [
      'when host is not signed',
      'X',
      () => ({ signedHeaders: ['content-type'] }),
      'AuthFailure.InvalidAuthorization',
    ],
    ['without a time', 'X', () => ({ headers: { 'x-tc-timestamp': null } }), 'MissingParameter'],
    [
      'with a time that is no number',
      'X',
      () => ({ headers: { 'x-tc-timestamp': 'soon' } }),
      'InvalidParameter',
    ],
    [
      'with a time that is long past',
      'X',
      () => ({ timestamp: now() - 310 }),
      'AuthFailure.SignatureExpire',
    ],
    [
      'with a time that is far ahead',
      'X',
      () => ({ timestamp: now() + 310 }),
      'AuthFailure.SignatureExpire',
    ],
    [
      'when the time is not the signed one',
      'X',
      () => ({ headers: { 'x-tc-timestamp': String(now() - 5) } }),
      'AuthFailure.SignatureFailure',
    ],
    [
      'when the date is of another day',
      'X',
      () => ({ timestamp: now() - DAY, headers: { 'x-tc-timestamp': String(now()) } }),
      'AuthFailure.SignatureFailure',
    ],
    ['with a wrong secret', 'X', () => ({ secretKey: 'wrong' }), 'AuthFailure.SignatureFailure'],
    ['without an action', null, () => ({}), 'MissingParameter'],
    ['with an unknown action', 'DescribeInstances', () => ({}), 'InvalidAction'],
    ['with an inherited name as action', 'toString', () => ({}), 'InvalidAction'],
    [
      'without a version',
      'DescribeLiveCallbackRules',
      () => ({ headers: { 'x-tc-version': null } }),
      'MissingParameter',
    ],
    [
      'with another version',
      'DescribeLiveCallbackRules',
      () => ({ headers: { 'x-tc-version': '2017-01-01' } }),
      'NoSuchVersion',
    ],
    [
      'with a body that is no JSON',
      'DescribeLiveCallbackRules',
      () => ({ body: '{"a":' }),
      'InvalidParameter',
    ],
    [
      'with a body that is no object',
      'DescribeLiveCallbackRules',
      () => ({ body: '[]' }),
      'InvalidParameter',
    ],
    [
      'with a parameter outside the specification',
      'DescribeLiveCallbackRules',
      () => ({ body: '{"Limit":1}' }),
      'UnknownParameter',
    ],
    [
      'with a parameter of the wrong type',
      'DeleteLiveCallbackTemplate',
      () => ({ body: '{"TemplateId":"first"}' }),
      'InvalidParameter',
    ],
    [
      'without a required parameter',
      'DeleteLiveCallbackTemplate',
      () => ({ body: '{"TemplateId":null}' }),
      'MissingParameter',
    ],
    [
      'when it is larger than the platform takes',
      'DescribeLiveCallbackRules',
      () => ({ body: JSON.stringify({ Limit: 'x'.repeat(10 * 1024 * 1024) }) }),
      'RequestSizeLimitExceeded',
    ],
  ])('%s', async (_name, action, call, code) => {
    const api = await scratchApi();
    const answer = await rawCall(api, action, call());
    expect(answer).toMatchObject({ status: 200, code });
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.response.RequestId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('the way of signing may differ:', () => {
  it('the host with its port, more headers, and values in lower case', async () => {
    const api = await scratchApi();
    const names = ['content-type', 'host', 'x-tc-action'];
    const raw = await rawCall(api, 'DescribeLiveCallbackRules', { signedHeaders: names });
    expect(raw.code).toBeUndefined();
    expect(raw.response).toMatchObject({ Rules: [] });
    const traced = await rawCall(api, 'DescribeLiveCallbackRules', {
      headers: { 'x-tc-traceid': 'trace-1' },
    });
    expect(traced.headers.get('x-tc-traceid')).toBe('trace-1');
    expect(traced.response.RequestId).not.toBe(raw.response.RequestId);
  });

  it('or need not be there at all where that is wanted', async () => {
    const api = await scratchApi({ unsigned: true });
    const answer = await rawCall(api, 'DescribeLiveCallbackRules', {
      headers: { authorization: null },
    });
    expect(answer.response).toMatchObject({ Rules: [] });
  });
});
