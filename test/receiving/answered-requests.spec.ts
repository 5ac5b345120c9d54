/**
 * What stays of a request that is answered: nothing. Connections that are kept alive hold their last
 * request, which must not hold the callback in turn.
 */
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';

import { describe, expect, it, onTestFinished } from 'vitest';

import { contextOf } from '../../src/receiving/http/callback.context.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS, KEY, startHost } from '../support/application.js';
import { scratchDatabase } from '../support/scratch.js';

const failing = {
  intercept: () => {
    throw new Error('of the host');
  },
};

const ANSWERS = [
  {
    status: 200,
    name: 'acknowledged',
    body: () => signCallback(streamPushCallback(), { key: KEY }).body,
  },
  {
    status: 401,
    name: 'refused as forged',
    body: () => signCallback(streamPushCallback(), { key: 'forged' }).body,
  },
  { status: 400, name: 'refused as no JSON', body: () => '{' },
  {
    status: 503,
    name: 'failed by the host',
    body: () => signCallback(streamPushCallback(), { key: KEY }).body,
    interceptor: failing,
  },
];

describe.each(ADAPTERS)('on %s', (adapter) => {
  it.each(ANSWERS)(
    'a request that was $name keeps no body',
    async ({ status, body, interceptor }) => {
      const host = await startHost({
        adapter,
        database: await scratchDatabase(),
        configure: (app) => void (interceptor && app.useGlobalInterceptors(interceptor)),
      });
      onTestFinished(() => host.close());
      const server = host.app.getHttpServer() as Server;
      const asked = once(server, 'request') as Promise<[IncomingMessage]>;
      const answer = await host.post('/live-callback', {
        headers: { 'content-type': 'application/json' },
        body: body(),
      });
      const [request] = await asked;
      expect(answer.status).toBe(status);
      expect(contextOf(request)).toBeUndefined();
    },
  );
});
