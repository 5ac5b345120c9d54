import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { chooseContenders, type Contender, type DatabaseKey } from '../contenders.js';
import { BenchDatabase } from '../database.js';
import { progress } from '../report.js';
import { median } from '../statistics.js';
import { Subject, type Bench } from '../subject.js';
import { number } from '../table.js';
import { fill } from './fill.js';
import type { Filling } from './filling.js';

/** What to measure. */
export interface GrowthOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** Callbacks that are sent per size and round. */
  readonly callbacks: number;
  /** Folder of the report. */
  readonly out: string;
}

/** One thing that was measured at every size. */
export interface Cost {
  readonly name: string;
  readonly unit: 'ms' | 'µs';
  /** The values of the rounds, per size. */
  readonly values: readonly (readonly number[])[];
}

/** What was found on one database. */
export interface Growth {
  readonly database: string;
  readonly sizes: readonly number[];
  readonly costs: readonly Cost[];
  readonly problems: readonly string[];
}

/** A table of one size, with the server on it. */
interface Site {
  readonly filling: Filling;
  readonly subject: Subject;
}

type Record = (name: string, unit: Cost['unit'], site: number, value: number) => void;

const LONGEST_SECONDS = 600;

/** Fills a table of each size, and measures all of them in turn. */
export async function measureGrowth(
  key: DatabaseKey,
  bench: Bench,
  options: GrowthOptions,
): Promise<Growth> {
  const contender: Contender = {
    ...(chooseContenders('postgres')[0] as Contender),
    name: 'growth',
    program: 'growth/server',
    database: key,
  };
  const databases: BenchDatabase[] = [];
  const sites: Site[] = [];
  try {
    for (const rows of options.sizes) {
      const database = await BenchDatabase.create(key);
      databases.push(database);
      const filling = await build(database, rows, contender, bench);
      sites.push({ filling, subject: await Subject.startOn(database, contender, bench) });
    }
    const costs = await measureInTurn(key, sites, options);
    const problems = await Promise.all(sites.map(({ subject }) => subject.verify()));
    const [database] = await Promise.all(databases.map((it) => it.version()));
    return { database: database ?? key, sizes: options.sizes, costs, problems: problems.flat() };
  } finally {
    for (const { subject } of sites) await subject[Symbol.asyncDispose]();
    for (const database of databases) await database.drop();
  }
}

/** The module makes its tables itself; then they are filled. */
async function build(
  database: BenchDatabase,
  rows: number,
  contender: Contender,
  bench: Bench,
): Promise<Filling> {
  const migrating = await Subject.startOn(database, contender, bench);
  await migrating[Symbol.asyncDispose]();
  const startedAt = performance.now();
  const filling = await fill(database, rows, (done) => {
    if (done % 1_000_000 === 0) progress(`${number(done)} rows`);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  progress(`${database.key}: ${number(rows)} rows in ${number(seconds)} s`);
  return filling;
}

async function measureInTurn(
  key: DatabaseKey,
  sites: readonly Site[],
  options: GrowthOptions,
): Promise<Cost[]> {
  const [smallest] = sites;
  const names = (await smallest?.subject.server.ask<string[]>('names', smallest.filling)) ?? [];
  const costs = new Map<string, { unit: Cost['unit']; values: number[][] }>();
  const record: Record = (name, unit, site, value) => {
    const cost = costs.get(name) ?? { unit, values: sites.map(() => []) };
    costs.set(name, cost);
    cost.values[site]?.push(value);
  };
  for (const site of sites) await warmUp(key, site, names, options);
  for (let round = 1; round <= options.rounds; round++) {
    for (const [index, site] of sites.entries()) {
      await takeIn(site, index, options.callbacks, record);
      for (const name of names) {
        const times = await site.subject.server.ask<number[]>('time', {
          name,
          filling: site.filling,
        });
        record(name, 'ms', index, median(times));
      }
      progress(`${key}, round ${round}: ${number(site.filling.rows)} rows measured`);
    }
  }
  return [...costs].map(([name, cost]) => ({ name, ...cost }));
}

/** Fills the caches as they would be, and keeps the plans. */
async function warmUp(
  key: DatabaseKey,
  { subject, filling }: Site,
  names: readonly string[],
  { callbacks, out }: GrowthOptions,
): Promise<void> {
  await subject.stretch({ rate: null, seconds: LONGEST_SECONDS, count: callbacks });
  const parts = [`# Plans on ${key} with ${number(filling.rows)} rows`];
  for (const name of names) {
    await subject.server.ask('time', { name, filling });
    const plan = await subject.server.ask<string>('plan', { name, filling });
    parts.push(`## ${name}`, `\`\`\`\n${plan}\n\`\`\``);
  }
  const folder = join(out, 'plans');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${key}-${filling.rows}.md`), `${parts.join('\n\n')}\n`);
}

async function takeIn(
  { subject }: Site,
  index: number,
  count: number,
  record: Record,
): Promise<void> {
  const stretch = await subject.stretch({ rate: null, seconds: LONGEST_SECONDS, count });
  record('intake: time at saturation', 'µs', index, 1e6 / stretch.throughput);
  record('intake: server CPU', 'µs', index, stretch.cpuMicros);
  if (stretch.databaseCpuMicros !== null) {
    record('intake: database CPU', 'µs', index, stretch.databaseCpuMicros);
  }
}
