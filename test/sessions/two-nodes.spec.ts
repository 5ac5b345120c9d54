/** Two nodes take callbacks of one stream into sessions at the same time, and nothing is lost or told twice. */
import { describe, expect, it } from 'vitest';

import { LivePush, LiveSession } from '../../src/index.js';
import { signCallback, whenListenersDone } from '../../src/testing/index.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { KEY } from '../support/application.js';
import { onTestFinished } from '../support/current-test.js';
import { DATABASES } from '../support/databases.js';
import { scratchDatabase } from '../support/scratch.js';
import {
  eventsOfHost,
  interruption,
  now,
  push,
  sessionsOfHost,
  startSessions,
} from './session-host.js';

const PUSHES = 40;

describe.each(DATABASES)('on $name', ({ create, isAbsent }) => {
  it.skipIf(isAbsent)('one session comes of it, each push once', async () => {
    const database = await scratchDatabase(create);
    const nodes = await Promise.all([startSessions({ database }), startSessions({ database })]);
    onTestFinished(async () => {
      for (const node of nodes) await node.close();
    });
    const at = now() - 1_000;
    const callbacks = Array.from({ length: PUSHES }, (_, n) => [
      push('shared', String(n), at + 10 * n),
      interruption('shared', String(n), at + 10 * n + 5, 5),
    ]).flat();
    // A push and its interruption to different nodes, all at once.
    const statuses = await Promise.all(
      callbacks.map(async (callback, index) => {
        const node = nodes[(index + Math.floor(index / 2)) % 2]!;
        return (await node.send(signCallback(callback, { key: KEY }))).status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    for (const node of nodes) await whenListenersDone(node.app);
    const session = (await sessionsOfHost(nodes[0]).of({
      domain: 'push.example.com',
      path: 'live',
      name: 'shared',
    }))!;
    expect(session).toMatchObject({
      pushesCount: PUSHES,
      openCount: 0,
      reconnects: PUSHES - 1,
      uptimeMs: PUSHES * 5_000,
      startedAt: new Date(at * 1000),
    });
    expect(session.pushes.map(({ state }) => state)).toEqual(Array(PUSHES).fill('closed'));
    const { dataSource } = nodes[0].app.get(CallbackDatabase, { strict: false });
    expect(await dataSource.getRepository(LiveSession).count()).toBe(1);
    expect(await dataSource.getRepository(LivePush).count()).toBe(PUSHES);
    const told = nodes.flatMap((node) => eventsOfHost(node).events);
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    // Who keeps the last one of each session, without those that were merged, knows what the table says.
    const known = new Map<string, number>();
    for (const { data } of told.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
      for (const id of data.merged) known.delete(id);
      known.set(data.session.id, data.session.startedAt.getTime());
    }
    expect([...known]).toEqual([[session.id, at * 1000]]);
  });
});
