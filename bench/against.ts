/**
 * Compares the processor time of a callback with that of another checkout, in one run:
 *
 *     git worktree add --detach ../before COMMIT && ln -s "$PWD/node_modules" ../before/node_modules
 *     npm run bench:against -- --before ../before --contenders postgres,sqlite,mariadb
 *
 * Rounds are interleaved, each contender in a fresh process on a fresh database. Of the database's time only
 * that of the connections to this database counts, so that other work on the machine disturbs little.
 * Writes `results/against.md` and `.json`. Exits with 1 when a callback was lost or an answer wrong.
 */
import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { positive } from './arguments.js';
import { ChildHandle } from './child.handle.js';
import { compile } from './compile.js';
import { chooseContenders, type Contender } from './contenders.js';
import { BenchDatabase } from './database.js';
import { machine, machineLine } from './machine.js';
import { progress, RESULTS, writeReport } from './report.js';
import { spreadOf } from './statistics.js';
import { Subject, type Bench } from './subject.js';
import { number, range, table } from './table.js';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    warmup: { type: 'string', default: '3' },
    rate: { type: 'string', default: '500' },
    connections: { type: 'string', default: '64' },
    contenders: { type: 'string', default: 'postgres,sqlite,mariadb' },
    out: { type: 'string', default: RESULTS },
  },
});
if (!values.before) throw new Error('Which checkout? Give --before DIR.');

const [rounds, seconds, warmup, rate, connections] = (
  ['rounds', 'seconds', 'warmup', 'rate', 'connections'] as const
).map((name) => positive(name, values[name])) as [number, number, number, number, number];

/** Processor time of one stretch per callback, µs. */
interface Cost {
  readonly server: number;
  readonly database: number;
  readonly problems: readonly string[];
}

/** At a rate that both can keep, so that batches are of one size in both. */
async function costOf(contender: Contender, bench: Bench): Promise<Cost> {
  const database = await BenchDatabase.create(contender.database ?? 'sqlite');
  try {
    await using subject = await Subject.startOn(database, contender, bench);
    await subject.stretch({ rate, seconds: warmup });
    const was = await database.connectionSeconds();
    const { cpuMicros, answered } = await subject.stretch({ rate, seconds });
    const is = await database.connectionSeconds();
    const spent = [...is].reduce((sum, [task, cpu]) => sum + cpu - (was.get(task) ?? 0), 0);
    return {
      server: cpuMicros,
      database: (spent * 1e6) / Math.max(1, answered),
      problems: await subject.verify(),
    };
  } finally {
    await database.drop();
  }
}

using after = compile();
using before = compile(values.before);
const generator = await ChildHandle.start(after.program('load/generator'));
const sides = { before, after };
type Side = keyof typeof sides;
const costs: { contender: string; round: number; before: Cost; after: Cost }[] = [];
const contenders = chooseContenders(values.contenders);
try {
  for (let round = 1; round <= rounds; round++) {
    // The one that comes first changes, too.
    const order: Side[] = round % 2 === 1 ? ['before', 'after'] : ['after', 'before'];
    for (const contender of contenders) {
      const cost: Partial<Record<Side, Cost>> = {};
      for (const side of order) {
        cost[side] = await costOf(contender, { compiled: sides[side], generator, connections });
      }
      const { before: was, after: is } = cost as Record<Side, Cost>;
      costs.push({ contender: contender.name, round, before: was, after: is });
      progress(
        `round ${round}, ${contender.name}: server ${number(was.server)} → ${number(is.server)} µs, database ${number(was.database)} → ${number(is.database)} µs`,
      );
      report();
    }
  }
} finally {
  await generator.stop();
}
const problems = costs.flatMap((it) => [...it.before.problems, ...it.after.problems]);
for (const problem of problems) progress(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Written after each contender: a run that is cut off has not been for nothing. */
function report(): void {
  const rows = contenders.flatMap(({ name, title }) => {
    const of = costs.filter(({ contender }) => contender === name);
    if (of.length === 0) return [];
    const spread = (read: (it: (typeof of)[number]) => number) => range(spreadOf(of.map(read)));
    return [
      [
        title,
        spread((it) => it.before.server),
        spread((it) => it.after.server),
        spread((it) => it.before.database),
        spread((it) => it.after.database),
        spread((it) => total(it.after) / total(it.before)),
      ],
    ];
  });
  const text = [
    '# Against another checkout',
    `${machineLine(machine())}. Interleaved rounds of ${seconds} s at ${rate} callbacks a second; medians with the smallest and the largest; the ratio is made within a round.`,
    table(
      [
        'Contender',
        'server before, µs:',
        'server after, µs:',
        'database before, µs:',
        'database after, µs:',
        'after ÷ before, all:',
      ],
      rows,
    ),
  ].join('\n\n');
  writeReport(values.out, 'against', text, { costs });
}

function total({ server, database }: Cost): number {
  return server + database;
}
