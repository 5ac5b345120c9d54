/**
 * What others have written reaches the terminal as text: names of streams, answers of receivers and of
 * whatever stands where the audit API should be. And no answer is read without end.
 */
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { signCallback, streamPushCallback, whenListenersDone } from '../../src/testing/index.js';
import { KEY } from '../support/application.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { ADMIN_TOKEN, cli, databaseUrl, scratchFolder, startServer } from './cli-support.js';

/** Clears a screen, sets a title, turns text round, and begins a line that nobody has printed. */
const HOSTILE = 'a\u001B[2J\u001B]0;x\u0007\u009B31m\u202Eb\nforged\r\u007F';
// oxlint-disable-next-line no-control-regex -- that is what it is about
const CONTROL = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/;
const api = { LIVE_CALLBACK_ADMIN_TOKEN: ADMIN_TOKEN };

describe('control characters never reach the terminal', () => {
  it('from the name of a stream: audit list, show, export and their JSON', async () => {
    const database = await scratchDatabase();
    const host = await scratchHost({ database, options: { audit: { token: ADMIN_TOKEN } } });
    const callback = streamPushCallback({ stream_id: HOSTILE, user_ip: HOSTILE });
    expect((await host.send(signCallback(callback, { key: KEY }))).status).toBe(200);
    await whenListenersDone(host.app);
    const ways: Record<string, string>[] = [
      { DATABASE_URL: databaseUrl(database) },
      { LIVE_CALLBACK_URL: `${host.url}/live-callback`, ...api },
    ];
    for (const env of ways) {
      const rows = await cli(['audit', 'list', '--json'], { env });
      const [{ id, stream }] = (
        rows.json() as { items: [{ id: string; stream: { name: string } }] }
      ).items;
      expect(stream.name).toBe(HOSTILE);
      const runs = [rows];
      for (const args of [
        ['list'],
        ['list', '--all', '--json'],
        ['show', id],
        ['show', id, '--json'],
      ]) {
        runs.push(await cli(['audit', ...args], { env }));
      }
      if ('DATABASE_URL' in env) runs.push(await cli(['audit', 'export'], { env }));
      for (const { code, stdout, stderr } of runs) {
        expect([code, stdout + stderr]).toEqual([0, expect.not.stringMatching(CONTROL)]);
        expect(stdout).not.toMatch(/^forged/m);
      }
      expect(runs[1]?.stdout).toContain(
        'a\\u001b[2J\\u001b]0;x\\u0007\\u009b31m\\u202eb\\u000aforged',
      );
    }
  });

  it('from the answer of a receiver: send and emulate', async () => {
    const url = await startServer((response) => response.writeHead(500).end(HOSTILE));
    const env = { LIVE_CALLBACK_KEYS: KEY };
    const sent = await cli(['send', 'stream-push', '--url', url], { env });
    const script = join(scratchFolder(), 'script.yml');
    writeFileSync(script, '- push room\n- wait 1s\n');
    const emulated = await cli(['emulate', '--url', url, '--script', script], { env });
    for (const { stdout, stderr } of [sent, emulated]) {
      expect(stdout).toContain('500 a\\u001b[2J');
      expect(stdout + stderr).not.toMatch(CONTROL);
    }
  });

  it.each([200, 400, 403, 500])('from an audit API that answers %i', async (status) => {
    for (const body of [HOSTILE, JSON.stringify({ message: HOSTILE })]) {
      const url = await startServer((response) => response.writeHead(status).end(body));
      const { stderr } = await cli(['audit', 'list', '--url', url], { env: api });
      expect(stderr).toContain('\\u001b[2J');
      expect(stderr).not.toMatch(CONTROL);
      expect(stderr).not.toMatch(/^forged/m);
    }
  });
});

describe('an audit API', () => {
  it.each([
    ['{"code":0,"data":{"items":[],"nextCursor":null}}'],
    ['{"data":{"items":[],"nextCursor":null}}'],
    ['{"success":true,"data":{"data":{"items":[],"nextCursor":null}}}'],
  ])('may be wrapped by an interceptor: %s', async (body) => {
    const url = await startServer((response) => response.writeHead(200).end(body));
    const run = await cli(['audit', 'list', '--url', url], { env: api });
    expect([run.code, run.stderr]).toEqual([0, 'No stored callback fits.\n']);
  });

  it('that is wrapped otherwise is named with what wraps it, without a stack', async () => {
    const body = '{"result":{"items":[],"nextCursor":null}}';
    const url = await startServer((response) => response.writeHead(200).end(body));
    const run = await cli(['audit', 'list', '--url', url], { env: api });
    expect([run.code, run.stderr]).toEqual([
      1,
      `${url}/audit/callbacks answered with something else than the audit API: ${body} An interceptor of the application may wrap it; { data: … } around it is understood.\n`,
    ]);
  });

  it.each([
    ['audit', ['audit', 'list']],
    ['send', ['send', 'stream-push']],
  ])('that never ends its answer is not read for ever: %s', async (_command, args) => {
    let written = 0;
    const url = await startServer((response) => {
      const piece = Buffer.alloc(1024 * 1024, 'x');
      const more = () => {
        while (!response.destroyed && response.write(piece)) written += piece.length;
        written += piece.length;
      };
      response.on('drain', more).writeHead(200);
      more();
    });
    const env = { ...api, LIVE_CALLBACK_KEYS: KEY };
    const { code } = await cli([...args, '--url', url], { env });
    expect(code).toBe(args[0] === 'audit' ? 1 : 0);
    expect(written).toBeLessThan(200 * 1024 * 1024);
  });

  it('on another machine gets no token without TLS, unless a flag says so', async () => {
    const url = 'http://192.0.2.1:1/live-callback';
    for (const command of [['audit', 'list'], ['doctor']]) {
      const env = { ...api, LIVE_CALLBACK_KEYS: KEY };
      const { stdout, stderr } = await cli(
        [...command, '--url', url, ...(command[0] === 'doctor' ? ['--timeout', '100ms'] : [])],
        { env },
      );
      expect(stdout + stderr).toContain('the token would go there readable for all in between');
    }
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const flagged = ['audit', 'list', '--url', url, '--plain-http'];
    const { stderr } = await cli(flagged, { env: api, signal: controller.signal });
    expect(stderr).toContain('cannot be reached');
  });
});

describe('audit export', () => {
  const open = async () => {
    const database = await scratchDatabase();
    const host = await scratchHost({ database });
    const body = `\uFEFF${JSON.stringify(signCallback(streamPushCallback(), { key: KEY }).payload)}`;
    const headers = { 'content-type': 'application/json' };
    expect((await host.post('/live-callback', { headers, body })).status).toBe(200);
    return { DATABASE_URL: databaseUrl(database) };
  };

  it('goes on where a body begins with a byte-order mark, and so does show', async () => {
    const env = await open();
    const exported = await cli(['audit', 'export'], { env });
    const { id, body } = JSON.parse(exported.stdout) as { id: string; body: string };
    expect(body).toContain('\uFEFF{');
    expect(body).toContain('"sign":"***"');
    const shown = await cli(['audit', 'show', id], { env });
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('"sign":"***"')]);
  });

  it('writes over nothing that is there, and follows no link', async () => {
    const env = await open();
    const folder = scratchFolder();
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'mine');
    const output = join(folder, 'all.ndjson');
    for (const make of [
      () => symlinkSync(victim, `${output}.partial`),
      () => writeFileSync(`${output}2.partial`, 'theirs'),
    ])
      make();
    for (const file of [output, `${output}2`]) {
      const run = await cli(['audit', 'export', '--output', file], { env });
      expect([run.code, run.stderr]).toEqual([
        1,
        expect.stringContaining(`${file}.partial is there already`),
      ]);
      expect(existsSync(file)).toBe(false);
    }
    expect(readFileSync(victim, 'utf8')).toBe('mine');
    expect(lstatSync(`${output}.partial`).isSymbolicLink()).toBe(true);
    expect(readFileSync(`${output}2.partial`, 'utf8')).toBe('theirs');
  });
});
