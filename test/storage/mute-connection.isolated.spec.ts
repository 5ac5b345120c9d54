/** A connection that has gone mute is closed, whatever it was before; one that nobody waits for is not. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { STATEMENT_TIMEOUT_MS } from '../../src/storage/connection/drivers/deadlines.js';
import { closeWhenMute } from '../../src/storage/connection/drivers/mute-connection.js';

vi.mock('../../src/storage/connection/drivers/deadlines.js', () => ({ STATEMENT_TIMEOUT_MS: 200 }));

/** A connection to a server that answers everything but "hang". */
async function open() {
  const server = createServer((socket) => {
    socket.on('data', (bytes) => bytes.toString() !== 'hang' && socket.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stream = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => {
    stream.destroy();
    server.close();
  });
  let isWaiting = false;
  const closed: Error[] = [];
  closeWhenMute(
    stream,
    () => isWaiting,
    (error) => closed.push(error),
  );
  stream.on('data', () => (isWaiting = false));
  return {
    closed,
    ask: (text: string) => {
      isWaiting = true;
      stream.write(text);
    },
  };
}

describe('a connection that has gone mute', () => {
  it('is closed by the deadline of its statement', async () => {
    const { ask, closed } = await open();
    ask('hang');
    await vi.waitFor(() => expect(closed).toHaveLength(1), 5_000);
    expect(closed[0]?.message).toBe('The database did not answer within 200 ms');
  });

  it('is closed although it was idle for longer than that before', async () => {
    const { ask, closed } = await open();
    for (const text of ['one', 'two', 'three']) {
      ask(text);
      await sleep(2 * STATEMENT_TIMEOUT_MS);
    }
    expect(closed).toEqual([]);

    ask('hang');
    await vi.waitFor(() => expect(closed).toHaveLength(1), 5_000);
  });
});
