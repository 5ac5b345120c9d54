/** Bodies that an outer application has read before Nest: their bytes are taken, or the log says what to do. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import express from 'express';
import { describe, expect, it } from 'vitest';

import { LiveCallbackAuditService } from '../../src/index.js';
import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { ADAPTERS, KEY, type AdapterName } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { LogLines } from '../support/log-lines.js';
import { scratchHost } from '../support/scratch.js';

type Captured = IncomingMessage & { rawBody?: unknown; body?: unknown };

/** Sends a callback through an outer application. */
async function sendThrough(adapter: AdapterName, use: (outer: express.Express) => void) {
  const logger = new LogLines();
  const host = await scratchHost({ adapter, application: { logger } });
  const instance = host.app.getHttpAdapter().getInstance() as RequestListener & {
    routing: RequestListener;
  };
  const outer = express();
  use(outer);
  outer.use((request, response) =>
    adapter === 'express' ? instance(request, response) : instance.routing(request, response),
  );
  const server = createServer(outer).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { headers, body } = signCallback(streamPushCallback(), { key: KEY });
  const url = `http://127.0.0.1:${port}/live-callback/stream-push`;
  const answer = await fetch(url, { method: 'POST', headers, body });
  const { items } = await host.app.get(LiveCallbackAuditService, { strict: false }).find();
  return { status: answer.status, stored: items.length, errors: logger.of('error').join('\n') };
}

describe.each(ADAPTERS)('on %s, a body that was read before', (adapter) => {
  it.each<[string, (outer: express.Express) => void]>([
    [
      'is taken from rawBody',
      (outer) =>
        outer.use(
          express.json({ verify: (request: Captured, _, bytes) => void (request.rawBody = bytes) }),
        ),
    ],
    ['is taken from a body of bytes', (outer) => outer.use(express.raw({ type: '*/*' }))],
    ['is taken from a body of text', (outer) => outer.use(express.text({ type: '*/*' }))],
  ])('%s', async (_how, use) => {
    expect(await sendThrough(adapter, use)).toMatchObject({ status: 200, stored: 1 });
  });

  it('and is gone is answered with 503, and the log says what to do', async () => {
    const { status, stored, errors } = await sendThrough(adapter, (outer) =>
      outer.use(express.json()),
    );
    expect({ status, stored }).toEqual({ status: 503, stored: 0 });
    expect(errors).toContain('rawBody');
  });
});
