/** Each push domain has its own reconnect window. */
import { expect, it } from 'vitest';

import { scratchDatabase } from '../support/scratch.js';
import { onTestFinished } from '../support/current-test.js';
import { interruption, now, push, send, sessionsOfHost, startSessions } from './session-host.js';

it('of one domain pushes of a minute apart are a session, of another each is one', async () => {
  const quick = 'low-latency.example.com';
  const host = await startSessions({
    database: await scratchDatabase(),
    options: {
      sessions: { reconnectWindowSeconds: 90, domains: { [quick]: { reconnectWindowSeconds: 0 } } },
    },
  });
  onTestFinished(() => host.close());
  const at = now() - 200;
  for (const app of ['push.example.com', quick]) {
    await send(
      host,
      push('room', '1', at, { app }),
      interruption('room', '1', at + 10, 10, { app }),
    );
    await send(host, push('room', '2', at + 70, { app }));
  }
  const { items } = await sessionsOfHost(host).find({ stream: 'room' });
  const found = items.map(({ stream, state, pushesCount }) => [stream.domain, state, pushesCount]);
  expect(found).toEqual(
    expect.arrayContaining([
      ['push.example.com', 'live', 2],
      [quick, 'live', 1],
      [quick, 'ended', 1],
    ]),
  );
  expect(found).toHaveLength(3);
});
