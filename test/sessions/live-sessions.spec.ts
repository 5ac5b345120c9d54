/** Who is live, on every database: from the request of CSS to what is told, asked and waited for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  LiveCallbackAuditService,
  onLiveCallbackSignal,
  type LiveCallbackSignals,
  type SessionDetail,
} from '../../src/index.js';
import {
  imageAuditCallback,
  pushErrorCallback,
  recordExceptionCallback,
  recordFileCallback,
  recordStatusCallback,
  screenshotCallback,
  whenListenersDone,
} from '../../src/testing/index.js';
import { EventRecorder } from '../support/event-recorder.js';
import type { Host } from '../support/application.js';
import type { TestDatabase } from '../support/databases.js';
import { onTestFinished } from '../support/current-test.js';
import { HURRIED } from '../support/hurried.js';
import { STAGES } from '../support/stages.js';
import {
  eventsOfHost,
  interruption,
  now,
  push,
  send,
  sessionsOfHost,
  startSessions,
  until,
} from './session-host.js';

const TOKEN = 'audit-token-of-many-characters';
const stream = (name: string) => ({ domain: 'push.example.com', path: 'live', name });

describe.each(STAGES)('sessions on $stage', ({ adapter, create, isAbsent }) => {
  let database: TestDatabase;
  let host: Host;
  const told = (name: string) =>
    eventsOfHost(host).events.filter((event) => event.stream.name === name);
  const kinds = (name: string) => told(name).map(({ kind }) => kind);
  const of = async (name: string): Promise<SessionDetail> =>
    (await sessionsOfHost(host).of(stream(name)))!;

  beforeAll(async () => {
    if (isAbsent) return;
    database = await create();
    host = await startSessions({
      adapter,
      database: database.options,
      options: {
        ...HURRIED,
        sessions: { reconnectWindowSeconds: 20 },
        audit: { readToken: TOKEN },
      },
      module: { providers: [EventRecorder] },
    });
  });

  afterAll(async () => {
    await host?.close();
    await database?.drop();
  });

  it.skipIf(isAbsent)('a push is live, an interruption ends it after the window', async () => {
    const at = now();
    const signals: LiveCallbackSignals['session'][] = [];
    onTestFinished(onLiveCallbackSignal('session', (signal) => signals.push(signal)));
    await send(host, push('room', '1', at, { width: 1280, height: 720 }));
    expect(await of('room')).toMatchObject({
      state: 'live',
      startedAt: new Date(at * 1000),
      startedBy: 'callback',
      endedAt: null,
      pushesCount: 1,
      width: 1280,
      pushes: [{ sequence: '1', state: 'open', node: '192.0.2.10', userIp: '192.0.2.20' }],
    });
    expect(kinds('room')).toEqual(['session-started']);
    const { id } = await of('room');
    const ended = sessionsOfHost(host).waitForEnd(id);
    await send(host, interruption('room', '1', at + 5, 5, { errcode: 21 }));
    expect(kinds('room')[1]).toMatch(/session-(interrupted|ended)/);
    expect(await ended).toMatchObject({
      id,
      state: 'ended',
      endedAt: new Date((at + 5) * 1000),
      endedBy: 'callback',
      endReason: { errcode: 21, id: 'interrupt.kicked' },
      uptimeMs: 5_000,
    });
    await until(() => kinds('room').includes('session-ended'), 'it is told to be over');
    expect(told('room').at(-1)!.data.session.state).toBe('ended');
    const own = signals.filter((signal) => signal.stream === 'room');
    expect(own.map(({ event }) => event)).toEqual(kinds('room'));
    expect(own[0]).toMatchObject({ reason: null, durationMs: null });
    expect(own.at(-1)).toMatchObject({ reason: 'interrupt.kicked', durationMs: 5_000 });
    expect(told('room').at(-1)!.occurredAt).toEqual(new Date((at + 5) * 1000));
  });

  it.skipIf(isAbsent)('a push within the window goes on with the session', async () => {
    const at = now() + 3_000; // ahead of the clock of the sessions, so that no window passes
    await send(host, push('back', '1', at), interruption('back', '1', at + 5, 5));
    const { id } = await of('back');
    expect((await of('back')).state).toBe('interrupted');
    await send(host, push('back', '2', at + 12));
    expect(await of('back')).toMatchObject({
      id,
      state: 'live',
      reconnects: 1,
      gapMs: 7_000,
      pushesCount: 2,
      openCount: 1,
    });
    expect(kinds('back')).toEqual(['session-started', 'session-interrupted', 'session-resumed']);
  });

  it.skipIf(isAbsent)('a late interruption ends its own push and no later one', async () => {
    const at = now();
    await send(host, push('late', '1', at), push('late', '2', at + 4));
    await send(host, interruption('late', '1', at + 5, 5, { errcode: 21 }));
    expect(await of('late')).toMatchObject({
      state: 'live',
      openCount: 1,
      peakConcurrentPushes: 2,
      endReason: null,
      pushes: [
        { sequence: '1', state: 'closed', endReason: { errcode: 21 } },
        { sequence: '2', state: 'open' },
      ],
    });
    expect(kinds('late')).toEqual(['session-started']);
  });

  it.skipIf(isAbsent)(
    'an interruption before its push is a session that is corrected',
    async () => {
      const at = now() + 3_000;
      await send(host, interruption('first', '1', at + 100, 98));
      expect(await of('first')).toMatchObject({
        startedAt: new Date((at + 2) * 1000),
        startedBy: 'inferred',
        pushes: [{ state: 'orphan-end' }],
      });
      await send(host, push('first', '1', at));
      expect(await of('first')).toMatchObject({
        startedAt: new Date(at * 1000),
        startedBy: 'callback',
        pushesCount: 1,
        pushes: [{ state: 'closed' }],
      });
      expect(kinds('first')).toEqual([
        'session-started',
        'session-interrupted',
        'session-corrected',
      ]);
    },
  );

  it.skipIf(isAbsent)(
    'an earlier push that comes late changes the id, and the old one leads to it',
    async () => {
      const at = now() + 3_000;
      await send(host, push('ids', '2', at + 20));
      const { id: former } = await of('ids');
      await send(host, push('ids', '1', at), interruption('ids', '1', at + 10, 10));
      const session = await of('ids');
      expect(session).toMatchObject({ state: 'live', pushesCount: 2, reconnects: 1 });
      expect(session.id).not.toBe(former);
      expect((await sessionsOfHost(host).get(former))?.id).toBe(session.id);
      const corrections = told('ids').filter(({ kind }) => kind === 'session-corrected');
      expect(corrections[0]!.data).toMatchObject({ merged: [former], session: { id: session.id } });
    },
  );

  it.skipIf(isAbsent)('what is told is stored, and replayed, and no event of CSS', async () => {
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    const { items } = await audit.find({ stream: 'back' });
    const rows = items.filter(({ kind }) => kind.startsWith('session-'));
    expect(rows.map(({ kind }) => kind).toReversed()).toEqual(kinds('back'));
    const [{ id } = { id: '' }] = rows;
    const row = (await audit.get(id))!;
    expect(row).toMatchObject({
      kind: 'session-resumed',
      state: 'accepted',
      eventType: null,
      data: { merged: [], session: { state: 'live', startedAt: expect.any(Date) as Date } },
      deliveries: [{ listener: 'session-events', state: 'done' }],
    });
    const before = told('back').length;
    await audit.replay(id, { reason: 'again', actor: 'test' });
    await whenListenersDone(host.app);
    const again = told('back').slice(before);
    expect(again).toHaveLength(1);
    expect(again[0]).toMatchObject({ id, kind: 'session-resumed', replay: { reason: 'again' } });
    expect(again[0]!.data).toEqual(row.data);
    const all = host.app.get(EventRecorder, { strict: false }).events;
    expect(all.length).toBeGreaterThan(5);
    expect(all.filter(({ kind }) => kind.startsWith('session-'))).toEqual([]);
  });

  it.skipIf(isAbsent)('what belongs to a session is counted', async () => {
    const at = now() - 100;
    const on = { stream_id: 'totals', channel_id: 'totals' };
    const domainPath = { domain: 'push.example.com', path: 'live', stream_id: 'totals' };
    await send(
      host,
      push('totals', '77', at),
      interruption('totals', '77', at + 60, 60),
      recordFileCallback({ ...on, end_time: at + 60, duration: 60, file_size: 1000 }),
      recordFileCallback({ ...on, end_time: at - 10, duration: 60, file_size: 5000 }),
      screenshotCallback({ ...on, create_time: at + 10 }),
      screenshotCallback({ ...on, create_time: at + 63 }),
      screenshotCallback({ ...on, create_time: at + 70 }),
      screenshotCallback({ ...on, stream_id: 'other', create_time: at + 10 }),
      imageAuditCallback({ streamId: 'totals', screenshotTime: at + 5, suggestion: 'Block' }),
      imageAuditCallback({ streamId: 'totals', screenshotTime: at + 6, suggestion: 'Review' }),
      pushErrorCallback({ ...domainPath, sequence: '77', abnormal_event: [{ type: 6, count: 3 }] }),
      pushErrorCallback({ ...domainPath, sequence: '78', abnormal_event: [{ type: 6, count: 9 }] }),
      recordStatusCallback({
        domain: 'push.example.com',
        appname: 'live',
        stream_id: 'totals',
        session_id: 'rec-1',
        event_time: at + 1,
      }),
      recordExceptionCallback({
        ...domainPath,
        session_id: 'rec-1',
        timestamp: at + 500,
        exception: { type: -1, occurs: 2 },
      }),
      recordExceptionCallback({
        ...domainPath,
        session_id: 'rec-2',
        timestamp: at + 501,
        exception: { type: -1, occurs: 4 },
      }),
    );
    expect((await of('totals')).totals).toEqual({
      recordings: { files: 1, bytes: 1000, seconds: 60 },
      screenshots: { count: 2, lastAt: new Date((at + 63) * 1000) },
      moderation: { Block: 1, Review: 1 },
      pushErrors: { 6: 3 },
      recordExceptions: { '-1': 2 },
      isPartial: false,
    });
  });

  it.skipIf(isAbsent)('pages lead through all sessions, once each', async () => {
    const at = now();
    const names = ['p1', 'p2', 'p3', 'p4', 'p5'];
    await send(host, ...names.map((name) => push(name, '1', at, { appname: 'paged' })));
    const sessions = sessionsOfHost(host);
    const found: (string | null)[] = [];
    let cursor: string | undefined;
    do {
      const page = await sessions.live({ path: 'paged' }, { limit: 2, cursor });
      found.push(...page.items.map((session) => session.stream.name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(new Set(found)).toEqual(new Set(names));
    expect(found).toHaveLength(names.length);
    const none = await sessions.find({ path: 'paged', state: 'ended' });
    expect(none.items).toEqual([]);
    await expect(sessions.live({}, { cursor: 'x' })).rejects.toThrow('cursor must be');
  });

  it.skipIf(isAbsent)(
    'who waits is told by its signal, and by null where there is no session',
    async () => {
      const sessions = sessionsOfHost(host);
      const { items } = await sessions.live({ path: 'paged' });
      const waiting = sessions.waitForEnd(items[0]!.id, { signal: AbortSignal.timeout(50) });
      await expect(waiting).rejects.toThrow(/timeout|abort/i);
      expect(await sessions.waitForEnd('01900000-0000-7000-8000-000000000000')).toBeNull();
      expect(await sessions.waitForEnd('no id')).toBeNull();
    },
  );

  it.skipIf(isAbsent)('the audit API shows sessions to whom may read', async () => {
    const get = async (path: string, token = TOKEN) => {
      const response = await fetch(`${host.url}/live-callback/audit/sessions${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return { status: response.status, json: (await response.json()) as Record<string, never> };
    };
    const list = await get('?path=paged&state=live&limit=2');
    expect(list.status).toBe(200);
    const [item] = list.json['items'] as unknown as { id: string; startedAt: string }[];
    expect(item).toMatchObject({ state: 'live', stream: { path: 'paged' }, endedAt: null });
    expect(item!.startedAt).toMatch(/^\d{4}-.*Z$/);
    expect(list.json['nextCursor']).toEqual(expect.any(String));
    const one = await get(`/${item!.id}`);
    expect(one).toMatchObject({ status: 200, json: { id: item!.id, pushes: [{ sequence: '1' }] } });
    expect((await get('/01900000-0000-7000-8000-000000000000')).status).toBe(404);
    for (const wrong of [
      '?state=dead',
      '?stat=live',
      '?cursor=x',
      '?limit=0',
      `/${item!.id}?x=1`,
    ]) {
      expect([wrong, (await get(wrong)).status]).toEqual([wrong, 400]);
    }
    expect((await get('', 'another-token-of-some-length')).status).toBe(401);
  });
});
