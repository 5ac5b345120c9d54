/**
 * `live-callback load`: a bounded load whose ledger is compared with what is stored.
 */
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';

import { KEY } from '../support/application.js';
import { answering, startReceiver } from '../support/callback-receiver.js';
import { scratchDatabase, scratchHost } from '../support/scratch.js';
import { ADMIN_TOKEN, cli, databaseUrl } from './cli-support.js';

const ENV = { LIVE_CALLBACK_KEYS: KEY, LIVE_CALLBACK_ADMIN_TOKEN: ADMIN_TOKEN };
const SMALL = ['--rate', '100', '--duration', '500ms', '--streams', '4', '--json'];

interface Report {
  sent: number;
  acknowledged: number;
  missing: number | null;
  refused: Record<string, number>;
  unanswered: Record<string, number>;
  latency: { p50: number; max: number } | null;
}

describe('load', () => {
  it('accounts for every callback, over the audit API and in the database', async () => {
    const database = await scratchDatabase();
    const host = await scratchHost({ database, options: { audit: { token: ADMIN_TOKEN } } });
    const url = `${host.url}/live-callback`;
    const overHttp = await cli(['load', '-u', url, ...SMALL, '--audit'], { env: ENV });
    expect(overHttp.json() as Report).toMatchObject({ sent: 50, acknowledged: 50, missing: 0 });
    const env = { ...ENV, DATABASE_URL: databaseUrl(database) };
    const inTables = await cli(['load', '-u', url, ...SMALL, '--database'], { env });
    const report = inTables.json() as Report;
    expect(report).toMatchObject({ sent: 50, acknowledged: 50, refused: {}, missing: 0 });
    expect(report.latency?.max).toBeGreaterThanOrEqual(report.latency?.p50 ?? Infinity);
    expect([overHttp.code, inTables.code]).toEqual([0, 0]);
  });

  it('finds what was acknowledged and is not stored', async () => {
    const database = await scratchDatabase();
    await scratchHost({ database });
    // Says yes and stores nothing, as a broken receiver does.
    const liar = await startReceiver(answering(200, '{"code":0}'));
    const env = { ...ENV, DATABASE_URL: databaseUrl(database) };
    const few = ['--rate', '20', '--duration', '200ms', '--database'];
    const run = await cli(['load', '-u', liar.url, ...few], { env });
    expect([run.code, run.stdout]).toEqual([1, expect.stringContaining('missing: 4, in streams')]);
    expect(run.stdout).toMatch(/ {2}stream-push load-\w+-0 \d+\n/);
    const rows = await new DataSource(database).initialize();
    expect(await rows.query('SELECT * FROM live_callback')).toEqual([]);
    await rows.destroy();
  });

  it('keeps its connections, and reports refusals and silence', async () => {
    let answers = 0;
    const ports = new Set<number | undefined>();
    const receiver = await startReceiver((response) => {
      ports.add(response.req.socket.remotePort);
      if (answers++ % 2 === 0) response.writeHead(503).end('{"code":503}');
    });
    const args = ['load', '-u', receiver.url, '--rate', '50', '--duration', '200ms'];
    const run = await cli([...args, '--concurrency', '2', '--timeout', '150ms'], { env: ENV });
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('10 sent to');
    expect(run.stdout).toContain('5 answered with 503');
    expect(run.stdout).toContain('5 not answered: timeout');
    expect(run.stdout).toContain('missing: not looked for');
    expect(ports.size).toBeLessThan(10);
  });

  it('ends with a report when the user has enough', async () => {
    const receiver = await startReceiver();
    const enough = new AbortController();
    const args = ['load', '-u', receiver.url, '--rate', '100', '--duration', '1m', '--json'];
    setTimeout(() => enough.abort(), 300);
    const run = await cli(args, { env: ENV, signal: enough.signal });
    expect(run.code).toBe(1);
    expect((run.json() as Report).sent).toBeLessThan(6_000);
  });

  it.each([
    [['--url', 'https://live.example.com/x'], 'not this machine'],
    [['--duration', '2h'], 'ends after an hour'],
    [['--rate', '20000'], 'from 1 to 10000'],
    [['--database'], 'set DATABASE_URL'],
  ])('refuses %j', async (args, message) => {
    const run = await cli(['load', ...args], { env: ENV });
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
