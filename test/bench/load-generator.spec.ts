/** The load of the benchmarks: whole requests at the rate that is asked for, and nothing wrong unnoticed. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from 'vitest';

import { LoadRun } from '../../bench/load/load.run.js';

describe('the load generator', () => {
  async function send(listener: RequestListener, rate: number | null) {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const load = { ports: [port], rate, key: 'k', seconds: 5, count: 40, connections: 4, first: 7 };
    try {
      return await new LoadRun({ ...load, isForged: false }).run();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  const OK = '{"code":0}';
  const answer = (response: ServerResponse, status: number, body: string) =>
    response.writeHead(status, { 'content-length': body.length }).end(body);

  it.each([null, 400])('sends distinct, whole requests at rate %s', async (rate) => {
    const sequences = new Set<string>();
    const result = await send((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        sequences.add((JSON.parse(body) as { sequence: string }).sequence);
        answer(response, 200, OK);
      });
    }, rate);
    expect(result).toMatchObject({ sent: 40, answered: 40, wrong: 0, unsent: 0 });
    expect(sequences.size).toBe(40);
    expect(sequences).toContain('8000000000000000007');
  });

  it.each([
    ['another status', { status: 503, body: OK }],
    ['another body', { status: 200, body: '{"code":1}' }],
  ])('complains of %s', async (_name, { status, body }) => {
    let n = 0;
    const result = await send((request, response) => {
      request.resume();
      if (n++ % 4 === 0) answer(response, status, body);
      else answer(response, 200, OK);
    }, null);
    expect(result).toMatchObject({ answered: 30, wrong: 10 });
    expect(result.complaints[0]).toBe(`status ${status}: ${body}`);
  });

  it('complains of connections that are closed on it', async () => {
    const result = await send((request) => request.socket.destroy(), null);
    expect(result).toMatchObject({ answered: 0, wrong: 4 });
  });
});
