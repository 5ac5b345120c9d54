/**
 * Shows what it costs that people look at the console, and how long they wait:
 *
 *     npm run bench:console -- --rows 1000000 --people 10 --rate 100 --rounds 3 --seconds 60
 *
 * Fills a PostgreSQL database, lets callbacks arrive at a fixed rate, without people and with them in turn, and
 * times every question. Writes `results/console.md` and `.json`. Exits with 1 when a question was not answered,
 * or a callback was not.
 */
import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { positive } from './arguments.js';
import { ChildHandle } from './child.handle.js';
import { compile } from './compile.js';
import { pagesOf } from './console/pages.js';
import { look, timed, type Door } from './console/person.js';
import { CONSOLE_TOKEN } from './console/token.js';
import { chooseContenders } from './contenders.js';
import { BenchDatabase } from './database.js';
import { fill } from './growth/fill.js';
import { lastStream } from './growth/filling.js';
import { machine, machineLine } from './machine.js';
import { progress, RESULTS, writeReport } from './report.js';
import { fillSessions } from './sessions/page.js';
import { median, percentile } from './statistics.js';
import { Subject, type Stretch } from './subject.js';
import { number, table } from './table.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    people: { type: 'string', default: '10' },
    rate: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '60' },
    out: { type: 'string', default: RESULTS },
  },
});
const rows = positive('rows', values.rows);
const people = positive('people', values.people);
const rate = positive('rate', values.rate);
const rounds = positive('rounds', values.rounds);
const seconds = positive('seconds', values.seconds);
/** The bound of a question at p95, ms. */
const BOUND_MS = 500;

const problems: string[] = [];
const times = new Map<string, number[]>();
const note = (page: string, path: string, ms: number) => {
  const key = `${page} ${path.replace(/\?.*/, '').replace(/[0-9a-f-]{36}/, ':id')}`;
  times.set(key, [...(times.get(key) ?? []), ms]);
};

using compiled = compile();
const generator = await ChildHandle.start(compiled.program('load/generator'));
const bench = { compiled, generator, connections: 16 };
const contender = {
  ...chooseContenders('postgres')[0]!,
  name: 'console',
  program: 'console/server',
};
const database = await BenchDatabase.create('postgres');
const without: Stretch[] = [];
const during: Stretch[] = [];
try {
  const migrating = await Subject.startOn(database, contender, bench);
  await migrating[Symbol.asyncDispose]();
  const filling = await fill(database, rows, () => {}, 0);
  await fillSessions(database, Math.ceil(rows / 10), Math.ceil(rows / 1_000));
  progress(`${number(rows)} rows`);
  const subject = await Subject.startOn(database, contender, bench);
  try {
    const { port } = subject.server;
    const door: Door = { url: `http://127.0.0.1:${port}/console/api`, token: CONSOLE_TOKEN };
    const get = async <T>(path: string) => {
      const headers = { authorization: `Bearer ${door.token}` };
      return (await (await fetch(`${door.url}/${path}`, { headers })).json()) as T;
    };
    const stretch = () => subject.stretch({ rate, seconds });
    // Also makes the session that is looked at.
    await subject.stretch({ rate, seconds: Math.min(10, seconds) });
    const pages = await pagesOf(get, lastStream(filling));
    for (const { paths } of pages) for (const path of paths) await timed(door, path);
    for (let round = 1; round <= rounds; round++) {
      without.push(await stretch());
      const leave = new AbortController();
      const looking = Array.from({ length: people }, (_, n) =>
        look(door, pages, n, leave.signal, note).catch((error: unknown) => {
          problems.push(String(error));
        }),
      );
      during.push(await stretch());
      leave.abort();
      await Promise.all(looking);
      progress(`round ${round}`);
    }
  } finally {
    await subject[Symbol.asyncDispose]();
  }
} finally {
  await generator.stop();
  await database.drop();
}
for (const { answered } of [...without, ...during]) {
  const wanted = rate * seconds;
  if (answered < 0.99 * wanted) problems.push(`${answered} of ${wanted} callbacks were answered`);
}
const questions = [...times].map(([name, all]) => {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number) => percentile(sorted, share);
  return { name, count: all.length, p50: at(0.5), p95: at(0.95), max: at(1) };
});
const slowest = Math.max(...questions.map(({ p95 }) => p95));
const p99Of = (stretches: readonly Stretch[]) =>
  median(stretches.map(({ latency }) => latency.p99));
const markdown = [
  '# Ten people at the console',
  machineLine(machine()),
  `PostgreSQL, ${number(rows)} callbacks, ${number(rate)} more a second, ${people} people, ${rounds} rounds of ${seconds} s.`,
  table(
    ['Page and question', 'asked:', 'p50, ms:', 'p95, ms:', 'most, ms:'],
    questions.map(({ name, count, p50, p95, max }) => [name, count, p50, p95, max]),
  ),
  `Slowest question at p95: ${number(slowest)} ms, ≤ ${BOUND_MS}: ${slowest <= BOUND_MS ? 'met' : 'MISSED'}`,
  `A callback is answered at p99 in ${number(p99Of(without))} ms without them, and in ${number(p99Of(during))} ms with them.`,
  ...problems.map((line) => `FAILED: ${line}`),
].join('\n\n');
writeReport(values.out, 'console', markdown, {
  machine: machine(),
  questions,
  without,
  during,
  problems,
});
process.exitCode = problems.length === 0 ? 0 : 1;
