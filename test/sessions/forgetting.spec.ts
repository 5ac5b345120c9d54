/** Sessions are forgotten with their pushes: when they are old, and when a stream is erased. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LiveCallbackAuditService, LivePush, LiveSession } from '../../src/index.js';
import { SessionWriter } from '../../src/sessions/session.writer.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import type { Host } from '../support/application.js';
import { FEATURE_DATABASES, type TestDatabase } from '../support/databases.js';
import { interruption, now, push, send, sessionsOfHost, startSessions } from './session-host.js';

const DAY = 86_400;
const WHY = { reason: 'request 17', actor: 'privacy' };

describe.each(FEATURE_DATABASES)('on $name', ({ create, isAbsent }) => {
  let database: TestDatabase;
  let host: Host;
  const of = (name: string) =>
    sessionsOfHost(host).of({ domain: 'push.example.com', path: 'live', name });
  const audit = () => host.app.get(LiveCallbackAuditService, { strict: false });
  const tables = () => host.app.get(CallbackDatabase, { strict: false }).dataSource;
  /** Pushes whose session is gone. */
  const orphans = async () => {
    const sessions = await tables().getRepository(LiveSession).find();
    const ids = new Set(sessions.map(({ id }) => id));
    const pushes = await tables().getRepository(LivePush).find();
    return pushes.filter(({ sessionId }) => !ids.has(sessionId));
  };

  beforeAll(async () => {
    if (isAbsent) return;
    database = await create();
    host = await startSessions({ database: database.options });
  });

  afterAll(async () => {
    await host?.close();
    await database?.drop();
  });

  it.skipIf(isAbsent)('old ones that are over, in portions, and no others', async () => {
    const at = now() - 20 * DAY;
    for (const name of ['old-1', 'old-2', 'old-3']) {
      await send(host, push(name, '1', at), interruption(name, '1', at + 60, 60));
      await send(host, push(name, '2', at + 90), interruption(name, '2', at + 100, 10));
    }
    await send(host, push('endless', '1', at));
    await send(host, push('new', '1', now() - 200), interruption('new', '1', now() - 100, 100));
    const writer = host.app.get(SessionWriter, { strict: false });
    const before = new Date(Date.now() - 10 * DAY * 1000);
    expect(await writer.forget(before, 2)).toBe(2);
    expect(await writer.forget(before, 2)).toBe(1);
    expect(await writer.forget(before, 2)).toBe(0);
    for (const name of ['old-1', 'old-2', 'old-3']) expect(await of(name)).toBeNull();
    expect((await of('endless'))?.state).toBe('live');
    expect((await of('new'))?.state).toBe('ended');
    expect(await orphans()).toEqual([]);
  });

  it.skipIf(isAbsent)(
    'those of a stream that is erased, of every domain, and a rebuild brings none back',
    async () => {
      const at = now() - 300;
      await send(host, push('erased', '1', at), interruption('erased', '1', at + 60, 60));
      await send(host, push('erased', '2', at, { app: 'other.example.com' }));
      await send(host, push('kept', '1', at));
      const request = { stream: 'erased', ...WHY };
      expect(await audit().erase({ ...request, dryRun: true })).toMatchObject({ sessions: 2 });
      expect((await of('erased'))?.pushesCount).toBe(1);
      expect(await audit().erase(request)).toMatchObject({ sessions: 2, held: 0 });
      await sessionsOfHost(host).rebuild();
      expect(await of('erased')).toBeNull();
      expect((await sessionsOfHost(host).find({ stream: 'erased' })).items).toEqual([]);
      expect((await of('kept'))?.state).toBe('live');
      expect(await orphans()).toEqual([]);
    },
  );

  it.skipIf(isAbsent)('none because of an address, which they do not hold', async () => {
    const person = '203.0.113.77';
    await send(host, push('visited', '1', now(), { user_ip: person }));
    expect((await of('visited'))?.pushes).toMatchObject([{ userIp: person }]);
    expect(await audit().erase({ userIp: person, ...WHY })).toMatchObject({
      bodies: 1,
      sessions: 0,
    });
    expect((await of('visited'))?.pushes).toMatchObject([{ sequence: '1', userIp: null }]);
    const rows = JSON.stringify(await tables().getRepository(LivePush).find());
    expect(rows).not.toContain(person);
  });
});
