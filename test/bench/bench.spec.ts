/**
 * The benchmarks, in the smallest size: that they run, that what they count adds up, and that they
 * notice what is wrong. No figure is asserted.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { growthOf } from '../../bench/backlog.js';
import { LoadRun } from '../../bench/load/load.run.js';
import { judgeFigures } from '../../bench/targets.js';
import { problemsOf, type Outcome } from '../../bench/verification.js';
import { DATABASES } from '../support/databases.js';
import { isRedisAbsent } from '../support/redis.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const isPostgresAbsent = DATABASES.some(({ name, isAbsent }) => name === 'PostgreSQL' && isAbsent);

describe('the benchmark commands', () => {
  let out: string;

  beforeAll(() => {
    out = mkdtempSync(join(tmpdir(), 'live-callback-bench-'));
  });

  afterAll(() => rmSync(out, { recursive: true, force: true }));

  function bench(program: string, ...args: string[]): Promise<unknown> {
    const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
    return run(process.execPath, [tsx, `bench/${program}.ts`, '--out', out, ...args], {
      cwd: ROOT,
    });
  }

  function result(name: string): unknown {
    return JSON.parse(readFileSync(join(out, `${name}.json`), 'utf8'));
  }

  it('compare contenders and write a verdict per target', async () => {
    const short = ['--rounds', '1', '--seconds', '0.3', '--warmup', '0.2', '--connections', '8'];
    await bench('run', ...short, '--contenders', 'floor,sqlite');

    const { rounds, verdicts } = result('comparison') as {
      rounds: Record<string, { saturation: { answered: number }; problems: string[] }>[];
      verdicts: { name: string; verdict: string }[];
    };
    expect(rounds).toHaveLength(1);
    for (const name of ['floor', 'sqlite']) {
      expect(rounds[0]?.[name]?.saturation.answered).toBeGreaterThan(0);
      expect(rounds[0]?.[name]?.problems).toEqual([]);
    }
    expect(verdicts.find(({ name }) => name.startsWith('SQLite: p99.9'))?.verdict).toMatch(
      /^(met|MISSED by [\d.]+ %)$/,
    );
    expect(readFileSync(join(out, 'comparison.md'), 'utf8')).toContain('## Targets');
  });

  it('fill tables, ask every question of them and keep the plans', async () => {
    const small = ['--sizes', '10000,11000', '--rounds', '1', '--callbacks', '20'];
    await bench('growth', ...small, '--db', 'sqlite', '--connections', '4');

    const { growths } = result('growth') as {
      growths: { costs: { name: string; values: number[][] }[]; problems: string[] }[];
    };
    expect(growths[0]?.problems).toEqual([]);
    const names = growths[0]?.costs.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['stream and period', '1,000th page']));
    expect(growths[0]?.costs.every(({ values }) => values.flat().length === 2)).toBe(true);
    expect(readFileSync(join(out, 'plans/sqlite-11000.md'), 'utf8')).toContain('SEARCH c USING');
  }, 120_000);

  it.skipIf(isPostgresAbsent || isRedisAbsent)(
    'deliver in process and over BullMQ with workers (PostgreSQL, Redis)',
    async () => {
      const short = ['--rounds', '1', '--seconds', '0.3', '--warmup', '0.2', '--connections', '6'];
      await bench('delivery', ...short, '--rate', '50', '--forms', 'in-process,bullmq-workers');

      const { rounds } = result('delivery') as {
        rounds: Record<string, Record<'paced' | 'saturation', { delivery: object }>>[];
      };
      expect(Object.keys(rounds[0] ?? {})).toEqual(['in-process', 'bullmq-workers']);
      for (const { paced, saturation } of Object.values(rounds[0] ?? {})) {
        expect(paced).toMatchObject({ rate: 50, delivery: { p50: expect.any(Number) } });
        expect(saturation.delivery).not.toMatchObject({ max: 0 });
      }
      expect(readFileSync(join(out, 'delivery.md'), 'utf8')).not.toContain('## Failed');
    },
    120_000,
  );

  it('name what the time is spent on', async () => {
    const short = ['--seconds', '0.5', '--warmup', '0.2', '--connections', '8'];
    await bench('profile', '--contender', 'sqlite', ...short);

    const { causes } = result('profile-sqlite') as { causes: { name: string }[] };
    const names = causes.map(({ name }) => name);
    expect(names).toContain('src/audit/writers/sqlite.writer.ts');
    expect(names.some((name) => name.includes('undefined'))).toBe(false);
    expect(existsSync(join(out, 'profile-sqlite.cpuprofile'))).toBe(true);
  });
});

describe('the load generator', () => {
  async function send(listener: RequestListener, rate: number | null) {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const load = { ports: [port], rate, key: 'k', seconds: 5, count: 40, connections: 4, first: 7 };
    try {
      return await new LoadRun({ ...load, isForged: false }).run();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  const OK = '{"code":0}';
  const answer = (response: ServerResponse, status: number, body: string) =>
    response.writeHead(status, { 'content-length': body.length }).end(body);

  it.each([null, 400])('sends distinct, whole requests at rate %s', async (rate) => {
    const sequences = new Set<string>();
    const result = await send((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        sequences.add((JSON.parse(body) as { sequence: string }).sequence);
        answer(response, 200, OK);
      });
    }, rate);
    expect(result).toMatchObject({ sent: 40, answered: 40, wrong: 0, unsent: 0 });
    expect(sequences.size).toBe(40);
    expect(sequences).toContain('8000000000000000007');
  });

  it.each([
    ['another status', { status: 503, body: OK }],
    ['another body', { status: 200, body: '{"code":1}' }],
  ])('complains of %s', async (_name, { status, body }) => {
    let n = 0;
    const result = await send((request, response) => {
      request.resume();
      if (n++ % 4 === 0) answer(response, status, body);
      else answer(response, 200, OK);
    }, null);
    expect(result).toMatchObject({ answered: 30, wrong: 10 });
    expect(result.complaints[0]).toBe(`status ${status}: ${body}`);
  });

  it('complains of connections that are closed on it', async () => {
    const result = await send((request) => request.socket.destroy(), null);
    expect(result).toMatchObject({ answered: 0, wrong: 4 });
  });
});

describe('the verdicts', () => {
  const clean: Outcome = {
    complaints: [],
    answered: 10,
    acknowledged: 10,
    listeners: 2,
    handled: 20,
    rows: 10,
    deliveries: { pending: 0, done: 20, dead: 0 },
  };

  it('find nothing wrong with a clean run', () => {
    expect(problemsOf(clean)).toEqual([]);
  });

  it.each<[string, Partial<Outcome>]>([
    ['a wrong answer', { complaints: ['status 500: '] }],
    [
      'a run without answers',
      { answered: 0, acknowledged: 0, rows: 0, listeners: 0, handled: 0, deliveries: null },
    ],
    ['a lost callback', { rows: 9 }],
    ['a doubled callback', { rows: 11 }],
    ['a listener that ran twice', { handled: 21 }],
    ['a delivery that still waits', { deliveries: { pending: 1, done: 19, dead: 0 } }],
    ['a dead letter', { deliveries: { pending: 0, done: 19, dead: 1 } }],
  ])('fail a run with %s', (_name, change) => {
    expect(problemsOf({ ...clean, ...change })).toHaveLength(1);
  });

  it('mark what misses its target, by the median', () => {
    const atLeast = { name: 'x', bound: { atLeast: 5 } };
    expect(judgeFigures(atLeast, [9, 5, 1])).toMatchObject({ isMet: true, verdict: 'met' });
    expect(judgeFigures(atLeast, [4, 4, 9]).verdict).toBe('MISSED by 20 %');
    const atMost = { name: 'x', bound: { atMost: 2 } };
    expect(judgeFigures(atMost, [2.1]).verdict).toBe('MISSED by 5.0 %');
    expect(judgeFigures(atMost, [])).toMatchObject({ isMet: null, verdict: 'not measured' });
  });

  it('see a backlog that grows', () => {
    expect(growthOf([5, 7, 6, 9, 5, 7])).toBe(0);
    expect(growthOf([0, 100, 200, 300, 400, 500])).toBe(400);
    expect(growthOf([1, 2])).toBeNaN();
  });
});
