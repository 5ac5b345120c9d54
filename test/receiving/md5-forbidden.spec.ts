/** A host whose OpenSSL refuses MD5, as one in FIPS mode does: CSS signs with nothing else. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { DigestForbiddenError } from '../../src/index.js';
import { errorOfStart, scratchDatabase, scratchHost } from '../support/scratch.js';
import { cli } from '../cli/cli-support.js';

const { hash, createHash } = crypto;

function refuse(algorithm: string): void {
  if (algorithm !== 'md5') return;
  throw Object.assign(new Error('error:0308010C:digital envelope routines::unsupported'), {
    code: 'ERR_OSSL_EVP_UNSUPPORTED',
  });
}

beforeAll(() => {
  crypto.hash = ((algorithm: string, ...rest: [string]) => {
    refuse(algorithm);
    return hash(algorithm, ...rest);
  }) as typeof hash;
  crypto.createHash = (algorithm) => {
    refuse(algorithm);
    return createHash(algorithm);
  };
  syncBuiltinESMExports();
});

afterAll(() => {
  Object.assign(crypto, { hash, createHash });
  syncBuiltinESMExports();
});

it('stops the start of what receives, and says what to do', async () => {
  const database = await scratchDatabase();
  const error = await errorOfStart(scratchHost({ database }));
  expect(error).toBeInstanceOf(DigestForbiddenError);
  expect(error.message).toMatch(/refuses MD5, because .* forbids it.* role "worker" needs no MD5/);
});

it('lets a worker start', async () => {
  const host = await scratchHost({ options: { role: 'worker' } as object });
  expect((await host.post('/live-callback', {})).status).toBe(404);
});

it('is found by live-callback doctor', async () => {
  const run = await cli(
    ['doctor', '-u', 'http://127.0.0.1:9/live-callback', '--json', '--timeout', '1s'],
    {
      env: { LIVE_CALLBACK_KEYS: 'KeyForDocs2026abcd' },
    },
  );
  expect(run.json()).toContainEqual(expect.objectContaining({ check: 'digest', status: 'broken' }));
});
