/**
 * Shows what sessions cost, and how fast they answer:
 *
 *     npm run bench:sessions -- --rounds 5 --callbacks 4000
 *
 * Processor time of the server per callback with the option ÷ without, over a mix of kinds and over pushes and
 * interruptions alone; and the first page of `live()` out of many sessions on PostgreSQL. Writes
 * `results/sessions.md` and `.json`. Exits with 1 when an answer was wrong or a delivery was not made.
 */
import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { positive } from './arguments.js';
import { ChildHandle } from './child.handle.js';
import { compile } from './compile.js';
import { BenchDatabase } from './database.js';
import { drained } from './drain.js';
import { machine, machineLine } from './machine.js';
import { progress, RESULTS, writeReport } from './report.js';
import { MIXES, signed, type Mix } from './sessions/mixes.js';
import { measurePage } from './sessions/page.js';
import { Sender } from './sessions/sender.js';
import { median, spreadOf } from './statistics.js';
import { range, table } from './table.js';

const KEY = 'KeyOfTheBenchmark2026';
/** Callbacks a second: so many are in a batch on any machine, with the option and without. */
const RATE = 500;
const WARM_UP = 1_000;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    callbacks: { type: 'string', default: '4000' },
    sessions: { type: 'string', default: '1000000' },
    live: { type: 'string', default: '10000' },
    out: { type: 'string', default: RESULTS },
  },
});
const rounds = positive('rounds', values.rounds);
const callbacks = positive('callbacks', values.callbacks);

const problems: string[] = [];

/** Processor time of the server per callback, µs. */
async function costOf(mix: Mix, sessions: boolean, program: string): Promise<number> {
  const database = await BenchDatabase.create('postgres');
  const server = await ChildHandle.start(program, {
    adapter: 'fastify',
    database: database.options,
    key: KEY,
    listeners: 1,
    sleepMs: 0,
    sessions,
  });
  try {
    const sender = new Sender(server.port, RATE);
    const done = () => drained(() => database.pending());
    await sender.send(mix.of(WARM_UP, 'warm').map((callback) => signed(callback, KEY)));
    await done();
    const bodies = mix.of(callbacks, 'room').map((callback) => signed(callback, KEY));
    const before = await server.usage();
    await sender.send(bodies);
    await done();
    const after = await server.usage();
    const { pending, dead } = await database.deliveries();
    if (pending + dead > 0) problems.push(`${mix.name}: ${pending} pending, ${dead} dead`);
    if (sender.wrong > 0) problems.push(`${mix.name}: ${sender.wrong} wrong answers`);
    return (after.cpuMicros - before.cpuMicros) / callbacks;
  } finally {
    await server.stop();
    await database.drop();
  }
}

using compiled = compile();
const program = compiled.program('contenders/live-callback');
const costs: { mix: string; round: number; without: number; with: number }[] = [];
for (let round = 1; round <= rounds; round++) {
  for (const mix of MIXES) {
    const cost = { without: 0, with: 0 };
    // The one that comes first changes.
    for (const side of round % 2 === 1
      ? (['without', 'with'] as const)
      : (['with', 'without'] as const)) {
      cost[side] = await costOf(mix, side === 'with', program);
    }
    costs.push({ mix: mix.name, round, ...cost });
    progress(
      `round ${round}, ${mix.name}: ${Math.round(cost.without)} → ${Math.round(cost.with)} µs`,
    );
  }
}
const page = await measurePage(
  program,
  positive('sessions', values.sessions),
  positive('live', values.live),
);
const rows = MIXES.map(({ name, title, bound }) => {
  const of = costs.filter(({ mix }) => mix === name);
  const ratio = spreadOf(of.map((cost) => cost.with / cost.without));
  const met = ratio.median <= bound ? 'met' : 'MISSED';
  return [
    title,
    median(of.map((cost) => cost.without)),
    median(of.map((cost) => cost.with)),
    range(ratio),
    `≤ ${bound}: ${met}`,
  ];
});
const markdown = [
  '# What sessions cost',
  machineLine(machine()),
  `PostgreSQL, one listener beside, ${RATE} callbacks a second, ${rounds} rounds of ${callbacks}.`,
  table(['Callbacks', 'µs without:', 'µs with:', 'ratio:', 'target'], rows),
  `First page of \`live()\` with 100 of ${page.live} live ones among ${page.sessions} sessions: ${page.medianMs.toFixed(1)} ms (${page.minMs.toFixed(1)}–${page.maxMs.toFixed(1)}), ≤ 20: ${page.medianMs <= 20 ? 'met' : 'MISSED'}`,
  ...problems.map((line) => `FAILED: ${line}`),
].join('\n\n');
writeReport(values.out, 'sessions', markdown, { machine: machine(), costs, page, problems });
process.exitCode = problems.length === 0 ? 0 : 1;
