/**
 * `live-callback doctor`: a sound installation is called sound, and each thing that is broken is found
 * with its fix. Its probes store no callback.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { RejectionRecorder } from '../../src/receiving/refusals/rejection.recorder.js';
import { LiveCallbackAuditService } from '../../src/index.js';
import { scratchApi } from '../emulator/api-support.js';
import { ADAPTERS, KEY } from '../support/application.js';
import { DATABASES } from '../support/databases.js';
import { freePort } from '../support/free-port.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import {
  ADMIN_TOKEN,
  cli,
  databaseUrl,
  scratchFolder,
  startServer,
  URL_TOKEN,
} from './cli-support.js';

interface Finding {
  check: string;
  status: 'ok' | 'warning' | 'broken';
  detail: string;
  fix: string;
}

const ENV = { LIVE_CALLBACK_KEYS: KEY };

/** Runs it, and returns what is not ok. */
async function findingsOf(args: string[], env: Record<string, string> = ENV) {
  const run = await cli(['doctor', ...args, '--json'], { env });
  const all = run.json() as Finding[];
  return { code: run.code, all, bad: all.filter(({ status }) => status !== 'ok') };
}

/** Answers as the module does, unless told otherwise. */
function almostModule(other: { post?: [number, string, object?]; get?: number }): Promise<string> {
  const [status, body, headers = {}] = other.post ?? [401, '{"code":401}'];
  return startServer((response, { method }) => {
    if (method === 'POST') response.writeHead(status, { ...headers }).end(body);
    else response.writeHead(other.get ?? 404).end();
  });
}

describe('doctor', () => {
  it.each(ADAPTERS)('finds nothing wrong with a sound application on %s', async (adapter) => {
    const database = await scratchDatabase();
    const options = { urlToken: URL_TOKEN, expiryGraceSeconds: 3_600 };
    const host = await scratchHost({ adapter, database, options });
    const env = {
      ...ENV,
      LIVE_CALLBACK_URL_TOKEN: URL_TOKEN,
      DATABASE_URL: databaseUrl(database),
      LIVE_CALLBACK_URL: `${host.url}/live-callback`,
    };
    const run = await cli(['doctor'], { env });
    expect([run.code, run.stderr]).toEqual([0, '0 broken, 0 warnings, 40 ok.\n']);
    expect(run.stdout).toContain('ok       key known: The application knows the key.');
    const audit = host.app.get(LiveCallbackAuditService, { strict: false });
    expect((await audit.find()).items).toEqual([]);
  });

  it('tells by the audit API that the application has another key', async () => {
    const host = await scratchHost({ options: { audit: { token: ADMIN_TOKEN } } });
    const url = `${host.url}/live-callback`;
    const env = { LIVE_CALLBACK_ADMIN_TOKEN: ADMIN_TOKEN };
    expect((await findingsOf(['-u', url], { ...ENV, ...env })).bad).toEqual([]);
    // Probes that are written later would be taken for those of the next run.
    await host.app.get(RejectionRecorder, { strict: false }).flush();
    const other = { ...env, LIVE_CALLBACK_KEYS: 'AnotherKeyThanTheirs' };
    const { code, bad } = await findingsOf(['-u', url], other);
    expect([code, bad]).toMatchObject([1, [{ check: 'key known', status: 'broken' }]]);
  });

  it.each([
    ['abc1234', 'key', 'broken'],
    ['ShortKey1', 'key', 'warning'],
    ['a-key-that-css-would-not-take', 'key', 'broken'],
    ['', 'key', 'warning'],
  ])('looks at the key %j', async (key, check, status) => {
    const url = await almostModule({});
    const { bad } = await findingsOf(['-u', url], { LIVE_CALLBACK_KEYS: key });
    expect(bad).toMatchObject([{ check, status, fix: expect.stringContaining(' ') }]);
    expect(bad.filter(({ detail }) => key !== '' && detail.includes(key))).toEqual([]);
  });

  it.each([
    [-1_000, 'broken', 'not valid yet'],
    [1_000, 'broken', 'has expired here'],
    [100, 'warning', 'late retries'],
  ])('looks at a clock that is %i s ahead', async (seconds, status, detail) => {
    const date = new Date(Date.now() - seconds * 1_000).toUTCString();
    const clock = await startServer((response) => {
      response.sendDate = false;
      response.writeHead(200, { date }).end();
    });
    const { bad } = await findingsOf(['-u', await almostModule({}), '--clock-server', clock]);
    expect(bad).toMatchObject([
      { check: 'clock', status, detail: expect.stringContaining(detail) },
    ]);
  });

  it.each([
    [{ post: [200, '{"code":0}'] }, 'Its signature is not checked'],
    [{ post: [200, '<html>hello</html>'] }, 'Something in front of the module answers'],
    [{ post: [302, '', { location: 'https://login.example.com/?token=x' }] }, 'the final URL'],
    [{ post: [404, 'Cannot POST'] }, 'check the path of the URL'],
    [{ post: [401, '<html>login</html>'] }, 'exempt the callback routes'],
    [{ post: [413, 'too large'] }, 'a proxy limits bodies'],
    [{ post: [503, '{"code":503}'] }, 'the database is away'],
    [{ get: 200 }, 'turns errors into 200'],
  ] as const)('finds host interference: %j', async (other, fix) => {
    const url = await almostModule(other as Parameters<typeof almostModule>[0]);
    const { code, bad } = await findingsOf(['-u', url]);
    expect(code).toBe(1);
    expect(bad).toHaveLength(19);
    for (const one of bad) {
      expect(one).toMatchObject({ status: 'broken', fix: expect.stringContaining(fix) });
    }
  });

  it('finds that nobody listens, and says so once', async () => {
    const { code, bad } = await findingsOf(['-u', `http://127.0.0.1:${await freePort()}`]);
    expect(code).toBe(1);
    expect(bad.map(({ check }) => check)).toEqual(['clock', 'route (any kind)']);
    expect(bad[1]?.detail).toContain('ECONNREFUSED');
  });

  it.each(DATABASES.filter(({ isAbsent }) => !isAbsent))(
    'looks at the database and its migrations ($name)',
    async ({ createBare }) => {
      const database = await scratchDatabase(createBare);
      const env = { ...ENV, DATABASE_URL: databaseUrl(database) };
      const empty = await findingsOf(['-u', await almostModule({})], env);
      const isFile = database.type === 'better-sqlite3';
      expect(empty.bad).toMatchObject([{ check: isFile ? 'database' : 'migrations' }]);
      expect(empty.code).toBe(1);
      const host = await scratchHost({ database });
      const { all } = await findingsOf(['-u', `${host.url}/live-callback`], env);
      expect(all).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ check: 'database', status: 'ok' }),
          expect.objectContaining({ check: 'migrations', status: 'ok' }),
        ]),
      );
    },
  );

  it.each([
    ['postgres://u:PasswordOfTheDatabase@127.0.0.1:9/d', 'ECONNREFUSED'],
    ['oracle://u:PasswordOfTheDatabase@h/d', 'DATABASE_URL must begin with'],
  ])('finds a database that cannot be used: %s', async (DATABASE_URL, detail) => {
    const url = await almostModule({});
    const { bad } = await findingsOf(['-u', url], { ...ENV, DATABASE_URL });
    expect(bad).toMatchObject([
      { check: 'database', status: 'broken', detail: expect.stringContaining(detail) },
    ]);
    expect((await findingsOf(['-u', url, '--no-database'], { ...ENV, DATABASE_URL })).bad).toEqual(
      [],
    );
  });

  it('finds templates that differ from the state file', async () => {
    const api = await scratchApi();
    const state = join(scratchFolder(), 'state.yaml');
    const url = await almostModule({});
    writeFileSync(
      state,
      `stack: sick\nbaseUrl: ${url}\ntemplates:\n  main:\n    key: ${KEY}\n    events: [stream-push]\n`,
    );
    const args = ['-u', url, '--endpoint', api.url, '--state'];
    expect((await findingsOf([...args, state])).bad).toMatchObject([
      { check: 'templates', status: 'warning', detail: '+ template main' },
    ]);
    await cli(['template', 'apply', '--state', state, '--endpoint', api.url]);
    expect(await findingsOf([...args, state])).toMatchObject({ code: 0, bad: [] });
    const missing = await findingsOf([...args, '/nowhere.yaml']);
    expect([missing.code, missing.bad]).toMatchObject([1, [{ check: 'templates' }]]);
  });
});
