/**
 * The benchmarks, in the smallest size: that they run and that what they count adds up. No figure is
 * asserted.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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

  it('import the module into processes of their own', async () => {
    await bench('import', '--rounds', '2');

    const { rounds } = result('import') as { rounds: { ms: number; mb: number }[] };
    expect(rounds).toHaveLength(2);
    for (const { ms } of rounds) expect(ms).toBeGreaterThan(0);
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

  it.skipIf(isPostgresAbsent)(
    'time every question of the console while callbacks arrive (PostgreSQL)',
    async () => {
      const short = ['--rounds', '1', '--seconds', '6', '--people', '11', '--rate', '20'];
      await bench('console', ...short, '--rows', '20000');

      const { questions, problems } = result('console') as {
        questions: { name: string; p95: number }[];
        problems: string[];
      };
      expect(problems).toEqual([]);
      const pages = questions.map(({ name }) => name);
      for (const page of ['Live sessions', 'Templates templates', 'Listeners listeners']) {
        expect(pages).toContain(page);
      }
      expect(questions.every(({ p95 }) => p95 > 0)).toBe(true);
    },
    120_000,
  );

  it('name what the time is spent on', async () => {
    const short = ['--seconds', '0.5', '--warmup', '0.2', '--connections', '8'];
    await bench('profile', '--contender', 'sqlite', ...short);

    const { causes } = result('profile-sqlite') as { causes: { name: string }[] };
    const names = causes.map(({ name }) => name);
    expect(names).toContain('src/storage/sql/sqlite.writer.ts');
    expect(names.some((name) => name.includes('undefined'))).toBe(false);
    expect(existsSync(join(out, 'profile-sqlite.cpuprofile'))).toBe(true);
  });
});
