/**
 * `live-callback audit`, over the HTTP API and in the database: what it finds, shows, replays, exports
 * and purges, and that no signature leaves it.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';

import { NonRetryableError, OnLiveEvent, type LiveEvent } from '../../src/index.js';
import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY, type Host } from '../support/application.js';
import { createBareSqlite, FEATURE_DATABASES, type DatabaseCase } from '../support/databases.js';
import { freePort } from '../support/free-port.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { ADMIN_TOKEN, cli, databaseUrl, scratchFolder, startServer } from './cli-support.js';

/** Fails as long as it is told to. */
@Injectable()
class Billing {
  isDown = false;
  readonly runs: LiveEvent[] = [];

  @OnLiveEvent('*', { id: 'billing' })
  bill(event: LiveEvent): void {
    if (this.isDown) throw new NonRetryableError('billing is down');
    this.runs.push(event);
  }
}

interface World {
  readonly host: Host;
  readonly billing: Billing;
  /** Works in the database. */
  readonly inTables: Record<string, string>;
  /** Works over HTTP. */
  readonly overHttp: Record<string, string>;
  readonly push: (stream: string) => Promise<void>;
}

async function world(create?: DatabaseCase['create']): Promise<World> {
  const database = await scratchDatabase(create);
  const options = { audit: { token: ADMIN_TOKEN } };
  const host = await scratchHost({ database, options, module: { providers: [Billing] } });
  const LIVE_CALLBACK_URL = `${host.url}/live-callback`;
  return {
    host,
    billing: host.app.get(Billing),
    inTables: { DATABASE_URL: databaseUrl(database) },
    overHttp: { LIVE_CALLBACK_URL, LIVE_CALLBACK_ADMIN_TOKEN: ADMIN_TOKEN },
    push: async (stream_id) => {
      const stream_param = 'txSecret=0123456789abcdef&txTime=68A0';
      const request = signCallback(streamPushCallback({ stream_id, stream_param }), { key: KEY });
      expect((await host.send(request)).status).toBe(200);
      await whenListenersDone(host.app);
    },
  };
}

interface Rows {
  items: { id: string; stream: { name: string } }[];
  nextCursor: string | null;
}

describe.each(['inTables', 'overHttp'] as const)('audit, %s', (way) => {
  it('lists by filter and page, as lines and as JSON', async () => {
    const { push, [way]: env } = await world();
    for (const name of ['a', 'b', 'c']) await push(name);
    const lines = await cli(['audit', 'list', '--kind', 'stream-push', '--from', '1h'], { env });
    expect(lines.code).toBe(0);
    expect(lines.stdout.match(/stream-push {2}push\.example\.com\/live\/[abc]/g)).toHaveLength(3);
    const page = await cli(['audit', 'list', '--limit', '2', '--json'], { env });
    const { items, nextCursor } = page.json() as Rows;
    expect(items.map(({ stream }) => stream.name)).toEqual(['c', 'b']);
    const next = await cli(['audit', 'list', '--cursor', nextCursor ?? ''], { env });
    expect(next.stdout.trim().split('\n')).toHaveLength(1);
    const all = await cli(['audit', 'list', '--all', '--json', '--stream', 'b'], { env });
    expect(JSON.parse(all.stdout)).toMatchObject({ stream: { name: 'b' } });
    const none = await cli(['audit', 'list', '--state', 'quarantined'], { env });
    expect([none.code, none.stdout, none.stderr]).toEqual([0, '', 'No stored callback fits.\n']);
  });

  it('shows one, without its signature and push credentials', async () => {
    const { push, [way]: env } = await world();
    await push('a');
    const [row] = ((await cli(['audit', 'list', '--json'], { env })).json() as Rows).items;
    const shown = await cli(['audit', 'show', row?.id ?? ''], { env });
    expect(shown.stdout).toContain('listener billing: done, 1 attempt');
    expect(shown.stdout).toContain('"sign":"***"');
    const json = await cli(['audit', 'show', row?.id ?? '', '--json'], { env });
    expect(json.json()).toMatchObject({ id: row?.id, deliveries: [{ state: 'done' }] });
    expect(shown.stdout + json.stdout).not.toContain('0123456789abcdef');
    const nobody = await cli(['audit', 'show', '01a20579-86b8-7000-8000-01237f3ccc87'], { env });
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('There is no')]);
  });

  it('lists what was refused', async () => {
    const { host, [way]: env } = await world();
    await host.send(signCallback(streamPushCallback(), { key: 'AKeyThatWasGuessed' }));
    const list = () => cli(['audit', 'rejections'], { env }).then(({ stdout }) => stdout);
    await expect
      .poll(list, { timeout: 5_000 })
      .toContain('sign-mismatch  1 request from 127.0.0.1');
    const json = await cli(['audit', 'rejections', '--json', '--limit', '1'], { env });
    expect(json.json()).toMatchObject({ items: [{ reason: 'sign-mismatch', count: 1 }] });
  });

  it('replays dead letters, which the running application handles', async () => {
    const { host, billing, push, [way]: env } = await world();
    billing.isDown = true;
    await push('a');
    await push('b');
    billing.isDown = false;
    const dead = ['audit', 'replay', '--delivery', 'dead', '--reason', 'mended', '--actor', 'ops'];
    const dry = await cli([...dead, '--dry-run'], { env });
    expect(dry.stderr).toBe('Would replay: 2 callbacks.\n');
    expect(billing.runs).toEqual([]);
    const run = await cli([...dead, '--listener', 'billing', '--json'], { env });
    expect([run.code, run.json()]).toEqual([
      0,
      { callbacks: 2, deliveries: [expect.anything(), expect.objectContaining({ attempt: 2 })] },
    ]);
    await expect.poll(() => billing.runs.length, { timeout: 10_000 }).toBe(2);
    await whenListenersDone(host.app);
    expect(billing.runs.map(({ stream }) => stream.name)).toEqual(['a', 'b']);
    const replay =
      way === 'inTables'
        ? { reason: 'mended', actor: 'ops' }
        : { reason: 'mended (ops)', actor: 'audit API' };
    expect(billing.runs[0]?.replay).toMatchObject(replay);
    const again = await cli([...dead], { env });
    expect(again.stderr).toBe('0 deliveries of 0 callbacks opened again.\n');
  });

  it('replays one by its id', async () => {
    const { billing, push, [way]: env } = await world();
    await push('a');
    const [row] = ((await cli(['audit', 'list', '--json'], { env })).json() as Rows).items;
    const run = await cli(['audit', 'replay', row?.id ?? '', '--reason', 'again'], { env });
    expect(run.stdout).toBe(`${row?.id}  billing  attempt 2 comes next\n`);
    await expect.poll(() => billing.runs.length, { timeout: 10_000 }).toBe(2);
  });

  it.each([
    [['list', '--state', 'lost'], '--state must be one of accepted'],
    [['list', '--limit', '501'], 'must be an integer from 1 to 500'],
    [['list', '--cursor', 'nonsense'], 'cursor must be the nextCursor'],
    [['list', '--from', 'yesterday'], 'how long ago: 30m, 2h, 7d'],
    [['replay', '--reason', 'x'], 'every stored callback would be replayed'],
    [['replay', 'id', '--kind', 'relay', '--reason', 'x'], 'Give either the id'],
    [['replay', '--all'], "required option '--reason <text>'"],
    [['replay', '--all', '--reason', 'x', '--listener', 'nobody'], 'listener'],
  ])('refuses %j', async (args, message) => {
    const { push, [way]: env } = await world();
    await push('a');
    const run = await cli(['audit', ...args], { env });
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe.each(FEATURE_DATABASES)('audit on $name', ({ name, isAbsent, create }) => {
  it.skipIf(isAbsent)(`exports, replays and purges (${name})`, async () => {
    const { billing, push, inTables: env } = await world(create);
    for (const stream of ['a', 'b', 'c']) await push(stream);
    const exported = await cli(['audit', 'export', '--stream', 'b'], { env });
    expect(exported.stderr).toBe('Exported 1 callback.\n');
    expect(JSON.parse(exported.stdout)).toMatchObject({
      kind: 'stream-push',
      stream: { name: 'b' },
      body: expect.stringContaining('"sign":"***"'),
      deliveries: [{ listener: 'billing', state: 'done', attempts: 1 }],
    });
    await cli(['audit', 'replay', '--stream', 'a', '--reason', 'again'], { env });
    await expect.poll(() => billing.runs.length, { timeout: 10_000 }).toBe(4);
    const dry = await cli(['audit', 'purge', '--dry-run', '--json'], { env });
    expect(dry.json()).toMatchObject({ bodies: 0, rows: 0 });
    await age(env, 100);
    const done = await cli(['audit', 'purge', '--yes', '--body-days', '30'], { env });
    expect(done.stdout).toContain('Purged: 3 bodies, 0 callbacks');
    const row = JSON.parse((await cli(['audit', 'export', '--stream', 'c'], { env })).stdout);
    expect(row).toMatchObject({ body: null, stream: { name: 'c' } });
  });
});

/** Makes everything so many days older. */
async function age({ DATABASE_URL = '' }: Record<string, string>, days: number): Promise<void> {
  const { dataSourceOptionsOf } = await import('../../src/options/database-url.js');
  const tables = await new DataSource(dataSourceOptionsOf(DATABASE_URL)).initialize();
  const ms = days * 86_400_000;
  const rows = await tables.query<{ id: string }[]>('SELECT id FROM live_callback');
  for (const [index, { id }] of rows.entries()) {
    const begin = (Date.now() - ms + index).toString(16).padStart(12, '0');
    const older = `${begin.slice(0, 8)}-${begin.slice(8)}${id.slice(13)}`;
    const isPostgres = tables.options.type === 'postgres';
    await tables.query(
      `UPDATE live_callback SET id = '${older}', received_at = received_at - ${ms}, last_received_at = last_received_at - ${ms}, reviewed_at = reviewed_at - ${ms} WHERE id = '${id}'`,
    );
    await tables.query(
      `UPDATE live_callback_delivery SET callback_id = '${older}'${isPostgres ? '::uuid' : ''}, finished_at = finished_at - ${ms}, replayed_at = replayed_at - ${ms} WHERE callback_id = '${id}'`,
    );
  }
  await tables.destroy();
}

describe('audit export', () => {
  it('writes a file that appears when it is complete, and exact bodies only there', async () => {
    const { push, inTables: env } = await world();
    await push('a');
    const output = join(scratchFolder(), 'all.ndjson');
    const run = await cli(['audit', 'export', '--exact', '--output', output], { env });
    expect([run.code, run.stdout]).toEqual([0, '']);
    const { body } = JSON.parse(readFileSync(output, 'utf8')) as { body: string };
    expect(body).toMatch(/"sign":"[0-9a-f]{32}"/);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    const shown = await cli(['audit', 'export', '--exact'], { env });
    expect([shown.code, shown.stderr]).toEqual([2, expect.stringContaining('add --output')]);
    const nowhere = await cli(['audit', 'export', '--output', '/nowhere/at/all'], { env });
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('(ENOENT)')]);
  });
});

describe('audit purge', () => {
  it('asks on a terminal, and elsewhere wants --yes', async () => {
    const { push, inTables: env } = await world();
    await push('a');
    const mute = await cli(['audit', 'purge'], { env });
    expect([mute.code, mute.stderr]).toEqual([2, expect.stringContaining('say --yes')]);
    const no = await cli(['audit', 'purge'], { env, isTty: true, stdin: 'no\n' });
    expect([no.code, no.stderr]).toEqual([1, expect.stringContaining('Nothing was purged.')]);
    const yes = await cli(['audit', 'purge'], { env, isTty: true, stdin: 'yes\n' });
    expect([yes.code, yes.stdout]).toEqual([0, expect.stringContaining('Purged: 0 bodies')]);
    const bad = await cli(['audit', 'purge', '--yes', '--row-days', '2'], { env });
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('rowDays')]);
  });
});

describe('audit, where there is none', () => {
  it('says what to set', async () => {
    const run = await cli(['audit', 'list']);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('DATABASE_URL for the')]);
    const noToken = await cli(['audit', 'list', '--url', 'http://127.0.0.1:1/x']);
    expect(noToken.stderr).toContain('LIVE_CALLBACK_ADMIN_TOKEN');
  });

  it.each([
    ['sqlite:/nowhere/live.db', 2, 'There is no SQLite database at /nowhere/live.db'],
    ['oracle://u:PasswordOfTheDatabase@h/d', 2, 'DATABASE_URL must begin with'],
    ['postgres://u:PasswordOfTheDatabase@127.0.0.1:9/d', 1, 'The database does not answer'],
  ])('says what is wrong with %s', async (DATABASE_URL, code, message) => {
    const run = await cli(['audit', 'list'], { env: { DATABASE_URL } });
    expect([run.code, run.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  it('says so when the tables were never made', async () => {
    const database = await scratchDatabase(createBareSqlite);
    await (await new DataSource(database).initialize()).destroy();
    const run = await cli(['audit', 'list'], { env: { DATABASE_URL: databaseUrl(database) } });
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('Start the application')]);
  });

  it.each([
    [401, '{"message":"Unauthorized"}', 'does not take the token'],
    [404, 'Cannot GET', 'There is no audit API'],
    [200, '<html>login</html>', 'something else than the audit API'],
    [500, 'oops', 'answered 500: oops'],
  ])('says so when the API answers %i', async (status, body, message) => {
    const url = await startServer((response) => response.writeHead(status).end(body));
    const env = { LIVE_CALLBACK_ADMIN_TOKEN: ADMIN_TOKEN };
    const run = await cli(['audit', 'list', '-u', url], { env });
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  it('says so when nobody listens', async () => {
    const env = { LIVE_CALLBACK_ADMIN_TOKEN: ADMIN_TOKEN };
    const run = await cli(['audit', 'list', '-u', `http://127.0.0.1:${await freePort()}`], { env });
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('cannot be reached')]);
  });
});
