/** What something of the host answers in the module's place is not lost unseen. */
import type { INestApplication } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';

import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS, KEY, type AdapterName } from '../support/application.js';
import { LogLines } from '../support/log-lines.js';
import { scratchHost } from '../support/scratch.js';

const push = () => signCallback(streamPushCallback(), { key: KEY });

/** A host with a middleware that answers every POST. */
async function hostThat(adapter: AdapterName, status: number, first = false) {
  const logger = new LogLines();
  const configure = (app: INestApplication) => {
    const answer = (request: Request, response: Response, next: NextFunction) =>
      request.method === 'POST'
        ? void response.writeHead(status, { location: '/elsewhere' }).end('in the way')
        : next();
    const fastify = app.getHttpAdapter().getInstance() as FastifyInstance;
    if (adapter === 'fastify' && first) {
      fastify.addHook('onRequest', async (_request, reply) => reply.code(status).send('first'));
    } else app.use(answer);
  };
  const host = await scratchHost({ adapter, configure, application: { logger } });
  return { host, lines: () => logger.of('error') };
}

describe.each(ADAPTERS)('a middleware on %s', (adapter) => {
  it.each([403, 200, 301])(
    'that answers %i in the place of the module is told of once',
    async (status) => {
      const { host, lines } = await hostThat(adapter, status);
      for (let n = 0; n < 3; n++) {
        const { headers, body } = push();
        const answer = await host.post('/live-callback/stream-push?token=secret-of-url', {
          headers,
          body,
          redirect: 'manual',
        });
        expect(answer.status).toBe(status);
      }
      await expect.poll(lines).toHaveLength(1);
      expect(lines()[0]).toContain(
        `A POST to /live-callback/stream-push was answered with ${status} before it came to the module`,
      );
      expect(lines()[0]).not.toContain('secret-of-url');
    },
  );

  it('is not told of where the module answers, whatever it says', async () => {
    const logger = new LogLines();
    const host = await scratchHost({ adapter, application: { logger } });
    expect((await host.send(push())).status).toBe(200);
    expect(
      (await host.send(signCallback(streamPushCallback(), { key: 'x'.repeat(16) }))).status,
    ).toBe(401);
    const text = { headers: { 'content-type': 'text/plain' }, body: 'x' };
    expect((await host.post('/live-callback', text)).status).toBe(415);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(logger.of('error')).toEqual([]);
  });
});

it('a hook on fastify that was there before the module is told of too', async () => {
  const { host, lines } = await hostThat('fastify', 403, true);
  expect((await host.send(push())).status).toBe(403);
  await expect.poll(lines).toHaveLength(1);
});
