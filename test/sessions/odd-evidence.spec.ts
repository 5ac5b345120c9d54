/** What cannot be has an outcome of its own, and changes no session wrongly. */
import { In, Like } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { LiveCallbackModuleOptions } from '../../src/index.js';
import { LivePush, LiveSession, LiveSessions, OnLiveEvent } from '../../src/index.js';
import { identityDigest } from '../../src/events/payload/callback-digest.js';
import { pushIdOf, type PushEvidence } from '../../src/sessions/push.evidence.js';
import { SessionWriter } from '../../src/sessions/session.writer.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { whenListenersDone } from '../../src/testing/index.js';
import type { Host } from '../support/application.js';
import { DATABASES, FEATURE_DATABASES, type TestDatabase } from '../support/databases.js';
import { errorOfStart, scratchHost } from '../support/scratch.js';
import { seededRandom } from '../support/seeded-random.js';
import { began, ended, HISTORIES, STREAM } from './evidence.js';
import {
  eventsOfHost,
  interruption,
  now,
  push,
  send,
  sessionsOfHost,
  startSessions,
} from './session-host.js';

const stream = (name: string) => ({ domain: 'push.example.com', path: 'live', name });
const DAY = 86_400;

describe.each(FEATURE_DATABASES)('on $name', ({ create, isAbsent }) => {
  let database: TestDatabase;
  let host: Host;
  const of = (name: string) => sessionsOfHost(host).of(stream(name));

  beforeAll(async () => {
    if (isAbsent) return;
    database = await create();
    host = await startSessions({ database: database.options });
  });

  afterAll(async () => {
    await host?.close();
    await database?.drop();
  });

  it.skipIf(isAbsent)('a push without a sequence takes no part', async () => {
    await send(host, push('none', '', now()), push('none', undefined as never, now()));
    expect(await of('none')).toBeNull();
  });

  it.skipIf(isAbsent).each([-5, 400 * DAY, Number.MAX_SAFE_INTEGER])(
    'a push_duration of %i s is not believed',
    async (seconds) => {
      const name = `duration${seconds}`;
      const at = now();
      await send(host, interruption(name, '1', at, seconds));
      expect(await of(name)).toMatchObject({
        startedAt: new Date(at * 1000),
        interruptedAt: new Date(at * 1000),
        startedBy: 'inferred',
        uptimeMs: 0,
      });
    },
  );

  it.skipIf(isAbsent).each([
    ['a century ahead', 36_500 * DAY],
    ['two hours ahead', 7_200],
    ['a year ago', -365 * DAY],
    ['at the dawn of time', -now()],
  ])('a time %s gives way to the receipt', async (name, offset) => {
    const before = Date.now();
    const at = now() + offset;
    await send(host, push(name, '1', at), interruption(name, '2', at, 5));
    const session = (await of(name))!;
    expect(session).toMatchObject({ state: 'live', startedBy: 'inferred' });
    expect(session.startedAt.getTime()).toBeGreaterThanOrEqual(before - 6_000);
    expect(session.startedAt.getTime()).toBeLessThanOrEqual(Date.now());
    expect(session.pushes.map(({ state }) => state).toSorted()).toEqual([
      'closed-inferred',
      'open-inferred',
    ]);
  });

  it.skipIf(isAbsent)('a sequence on two streams is two pushes', async () => {
    const at = now();
    await send(host, push('left', '7', at), push('right', '7', at));
    await send(host, interruption('left', '7', at + 1, 1));
    expect(await of('left')).toMatchObject({ openCount: 0, pushesCount: 1 });
    expect(await of('right')).toMatchObject({ state: 'live', pushesCount: 1 });
  });

  it.skipIf(isAbsent)(
    'a stream that never ends stays live, and says how old its latest word is',
    async () => {
      const at = now() - 30 * DAY;
      await send(host, push('endless', '1', at), push('endless', '2', at + DAY));
      expect(await of('endless')).toMatchObject({
        state: 'live',
        openCount: 2,
        lastConfirmedAt: new Date((at + DAY) * 1000),
        endedAt: null,
      });
    },
  );

  it.skipIf(isAbsent)('names and sequences of any script and length are kept apart', async () => {
    const at = now();
    const names = ['直播', '直播 ', 'a'.repeat(300), `${'a'.repeat(299)}b`, 'nul\0', "quo'te\\"];
    await send(host, ...names.map((name) => push(name, '9'.repeat(200), at)));
    for (const name of names) expect([name, (await of(name))?.pushesCount]).toEqual([name, 1]);
  });

  it.skipIf(isAbsent)(
    'what was stored before is rebuilt, while callbacks arrive, and tells nobody',
    async () => {
      const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
      const rows = async () => {
        const sessions = await dataSource
          .getRepository(LiveSession)
          .find({ where: { streamName: Like('many%') }, order: { id: 'ASC' } });
        const ids = sessions.map(({ id }) => id);
        const pushes = await dataSource
          .getRepository(LivePush)
          .find({ where: { sessionId: In(ids) }, order: { id: 'ASC' } });
        return { sessions, pushes };
      };
      const at = now();
      for (let n = 0; n < 20; n++) {
        const name = `many${n}`;
        await send(host, push(name, '1', at - 500), interruption(name, '1', at - 400, 100));
      }
      const before = await rows();
      expect(before.sessions).toHaveLength(20);
      await dataSource.getRepository(LivePush).clear();
      await dataSource.getRepository(LiveSession).clear();
      const told = eventsOfHost(host).events.length;
      const [{ callbacks }] = await Promise.all([
        sessionsOfHost(host).rebuild(),
        send(host, push('meanwhile', '1', at)),
      ]);
      expect(callbacks).toBeGreaterThanOrEqual(40);
      expect((await of('meanwhile'))?.state).toBe('live');
      expect(await rows()).toEqual(before);
      const heard = eventsOfHost(host)
        .events.slice(told)
        .filter((event) => event.stream.name?.startsWith('many'));
      expect(heard).toEqual([]);
      await sessionsOfHost(host).rebuild({ emit: true });
      expect(await rows()).toEqual(before);
    },
  );

  it.skipIf(isAbsent)('a rebuild that is to tell tells what it finds out', async () => {
    const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
    await send(host, push('told', '1', now()));
    const session = await of('told');
    await dataSource.getRepository(LiveSession).delete(session!.id);
    await dataSource.getRepository(LivePush).delete(session!.id);
    const told = eventsOfHost(host).events.length;
    await sessionsOfHost(host).rebuild({ emit: true });
    await whenListenersDone(host.app);
    const heard = eventsOfHost(host)
      .events.slice(told)
      .filter((event) => event.stream.name === 'told');
    expect(heard.map(({ kind }) => kind)).toEqual(['session-started']);
  });
});

describe('straight into the tables', () => {
  let database: TestDatabase;
  let host: Host;
  const take = (...evidence: PushEvidence[]) =>
    host.app
      .get(SessionWriter, { strict: false })
      .take({ tells: true }, () => Promise.resolve(evidence));

  beforeAll(async () => {
    database = await DATABASES[0].create();
    host = await startSessions({ database: database.options });
  });

  afterAll(async () => {
    await host.close();
    await database.drop();
  });

  it('ten thousand pushes of a stream in an hour are one session, whose latest thousand are shown', async () => {
    const at = now() - 3_600;
    const pushes = Array.from({ length: 10_000 }, (_, n) => {
      const second = at + Math.floor((n * 3_600) / 10_000);
      return [began(String(n), second), ended(String(n), second, 0)];
    });
    for (let start = 0; start < pushes.length; start += 5_000) {
      await take(...pushes.slice(start, start + 5_000).flat());
    }
    const session = (await sessionsOfHost(host).of(STREAM))!;
    expect(session).toMatchObject({ pushesCount: 10_000, openCount: 0, reconnects: 3_599 });
    expect(session.pushes).toHaveLength(1_000);
    expect(session.pushes.at(-1)?.startedAt).toEqual(session.interruptedAt);
  });

  it('evidence in any order makes the same rows', async () => {
    const { shuffled } = randomly(20_261_128);
    const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
    for (const [name, history] of Object.entries(HISTORIES)) {
      const outcomes = new Set<string>();
      for (let n = 0; n < 6; n++) {
        const on = { ...STREAM, name: `${name} ${n}` };
        for (const one of shuffled([...history, ...history])) await take(moved(one, on));
        const sessions = await dataSource
          .getRepository(LiveSession)
          .findBy({ streamName: on.name });
        const rows = await Promise.all(
          sessions.map(async ({ id, streamKey: _key, streamName: _name, ...session }) => {
            const found = await dataSource.getRepository(LivePush).findBy({ sessionId: id });
            const pushes = found.map(({ id: _id, sessionId: _session, ...rest }) => rest);
            return [session, pushes.toSorted((a, b) => (a.sequence < b.sequence ? -1 : 1))];
          }),
        );
        outcomes.add(JSON.stringify(rows.map((row) => JSON.stringify(row)).toSorted(byText)));
      }
      expect([name, outcomes.size]).toEqual([name, 1]);
    }
  });
});

const byText = (a: string, b: string) => (a < b ? -1 : 1);

/** The same evidence on another stream. */
function moved(one: PushEvidence, to: PushEvidence['stream']): PushEvidence {
  const { name, domain, path } = to;
  return {
    ...one,
    stream: to,
    id: pushIdOf('default', to, one.sequence),
    streamKey: identityDigest('default', 'stream', [name, domain, path]),
  };
}

function randomly(seed: number) {
  const random = seededRandom(seed);
  const shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, at: random.below(2 ** 30) }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ item }) => item);
  return { shuffled };
}

describe('without the option', () => {
  it('nothing listens, asking says how to turn it on, and a listener of sessions stops the start', async () => {
    const host = await scratchHost();
    const sessions = host.app.get(LiveSessions, { strict: false });
    await expect(sessions.find()).rejects.toMatchObject({ code: 'sessions-off' });
    await send(host, push('off', '1', now()));
    const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
    expect(await dataSource.query('SELECT * FROM live_callback_delivery')).toEqual([]);
    expect(await dataSource.query('SELECT * FROM live_push')).toEqual([]);
    class Eager {
      @OnLiveEvent('session-ended')
      on(): void {}
    }
    const error = await errorOfStart(scratchHost({ module: { providers: [Eager] } }));
    expect(error.message).toContain('sessions: {}');
  });

  it.each([
    [null, 'sessions must be an object'],
    [{ window: 5 }, 'sessions.window is no option'],
    [
      { reconnectWindowSeconds: 1_801 },
      'sessions.reconnectWindowSeconds must be an integer from 0',
    ],
    [{ staleAfterHours: 0 }, 'sessions.staleAfterHours must be an integer from 1'],
    [{ domains: [] }, 'sessions.domains must be an object'],
    [{ domains: { 'a.com': { x: 1 } } }, 'sessions.domains.a.com.x is no option'],
  ])('and with %j the start fails', async (sessions, message) => {
    const options = { sessions } as Partial<LiveCallbackModuleOptions>;
    expect((await errorOfStart(scratchHost({ options }))).message).toContain(message);
  });
});
