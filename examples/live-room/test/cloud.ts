import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The cloud API, as far as the application asks it: takes every call, and remembers it. */
export async function startCloud() {
  const calls: { action: string; parameters: object }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const action = String(request.headers['x-tc-action']);
    calls.push({ action, parameters: JSON.parse(body) as object });
    response.end(JSON.stringify({ Response: { RequestId: `call-${calls.length}` } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { endpoint, calls, close };
}
