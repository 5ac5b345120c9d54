/**
 * The floor: what any server on Node pays for such a request. `node:http` alone reads the body,
 * parses it and checks the signature; nothing is kept.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { readSettings, serve } from './child.js';

const { key } = readSettings();

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => {
    const { t, sign } = JSON.parse(Buffer.concat(chunks).toString()) as { t: number; sign: string };
    const expected = createHash('md5').update(`${key}${t}`).digest('hex');
    reply(response, timingSafeEqual(Buffer.from(sign), Buffer.from(expected)) ? 200 : 401);
  });
});

function reply(response: ServerResponse, status: number): void {
  const body = JSON.stringify({ code: status === 200 ? 0 : status });
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  response.writeHead(status, headers).end(body);
}

server.listen(0, '127.0.0.1', () => serve((server.address() as AddressInfo).port));
