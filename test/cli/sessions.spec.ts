/** `live-callback sessions`, over the HTTP API and in the database: lists, shows, and has sessions rebuilt. */
import { describe, expect, it } from 'vitest';

import { LivePush, LiveSession } from '../../src/index.js';
import { CallbackDatabase } from '../../src/storage/connection/callback.database.js';
import { type Host } from '../support/application.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { interruption, now, push, send, sessionsOfHost } from '../sessions/session-host.js';
import { ADMIN_TOKEN, cli, databaseUrl } from './cli-support.js';

async function world(sessions: object | undefined = {}) {
  const database = await scratchDatabase();
  const options = { audit: { token: ADMIN_TOKEN }, ...(sessions && { sessions }) };
  const host: Host = await scratchHost({ database, options });
  const at = now() - 200;
  await send(host, push('over', '1', at), interruption('over', '1', at + 60, 60, { errcode: 21 }));
  await send(host, push('room', '1', at + 100));
  const overHttp = {
    LIVE_CALLBACK_URL: `${host.url}/live-callback`,
    LIVE_CALLBACK_ADMIN_TOKEN: ADMIN_TOKEN,
  };
  return { host, at, ways: { inTables: { DATABASE_URL: databaseUrl(database) }, overHttp } };
}

const idOf = async (host: Host, name: string) =>
  (await sessionsOfHost(host).of({ domain: 'push.example.com', path: 'live', name }))!.id;

describe.each(['inTables', 'overHttp'] as const)('%s', (way) => {
  it('list shows who is live and who was, and takes filters and pages', async () => {
    const { ways } = await world();
    const env = ways[way];
    const all = await cli(['sessions', 'list'], { env });
    expect(all.code).toBe(0);
    const [first, second] = all.stdout.trim().split('\n');
    expect(first).toMatch(/ {2}live {2}push\.example\.com\/live\/room {2}for \d+ s {2}1 push$/);
    expect(second).toContain('  ended  push.example.com/live/over  for 60 s  1 push  until ');
    expect(second).toContain('interrupt.kicked');
    const live = await cli(['sessions', 'list', '--state', 'live', '--json'], { env });
    expect(live.json()).toMatchObject({ items: [{ stream: { name: 'room' } }], nextCursor: null });
    const page = await cli(['sessions', 'list', '--limit', '1', '--json'], { env });
    const { nextCursor } = page.json() as { nextCursor: string };
    const next = await cli(['sessions', 'list', '--cursor', nextCursor, '--json'], { env });
    expect(next.json()).toMatchObject({ items: [{ stream: { name: 'over' } }] });
    const none = await cli(['sessions', 'list', '--stream', 'nobody'], { env });
    expect([none.code, none.stderr.trim()]).toEqual([0, 'No session fits.']);
    expect((await cli(['sessions', 'list', '--state', 'dead'], { env })).code).toBe(2);
    expect((await cli(['sessions', 'list', '--cursor', 'x'], { env })).code).not.toBe(0);
  });

  it('show has the pushes and totals of one, and says when there is none', async () => {
    const { host, ways } = await world();
    const env = ways[way];
    const id = await idOf(host, 'over');
    const shown = await cli(['sessions', 'show', id], { env });
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('push.example.com/live/over');
    const detail = await cli(['sessions', 'show', id, '--json'], { env });
    expect(detail.json()).toMatchObject({
      id,
      state: 'ended',
      pushes: [{ sequence: '1', state: 'closed' }],
      totals: { isPartial: false },
    });
    const none = await cli(['sessions', 'show', '01900000-0000-7000-8000-000000000000'], { env });
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('no session');
  });
});

describe('rebuild', () => {
  it('has the application take stored callbacks in again', async () => {
    const { host, ways } = await world();
    const { dataSource } = host.app.get(CallbackDatabase, { strict: false });
    await dataSource.getRepository(LivePush).clear();
    await dataSource.getRepository(LiveSession).clear();
    const run = await cli(['sessions', 'rebuild'], { env: ways.overHttp });
    expect([run.code, run.stdout.trim()]).toEqual([0, '3 callbacks taken in.']);
    expect(await idOf(host, 'room')).toBeTruthy();
    const json = await cli(['sessions', 'rebuild', '--from', '1h', '--emit', '--json'], {
      env: ways.overHttp,
    });
    expect(json.json()).toEqual({ callbacks: 3 });
  });

  it('is refused to who only has the database, and where there are no sessions', async () => {
    const { ways } = await world();
    const alone = await cli(['sessions', 'rebuild'], { env: ways.inTables });
    expect(alone.code).not.toBe(0);
    const off = await world(null as never);
    const run = await cli(['sessions', 'rebuild'], { env: off.ways.overHttp });
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain('sessions');
  });
});
