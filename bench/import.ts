/**
 * Shows what importing the module costs a host that has Nest and TypeORM already:
 *
 *     npm run bench:import -- --rounds 9
 *
 * Each round is a fresh process. Writes `results/import.md` and `.json`.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';

import { positive } from './arguments.js';
import { compile } from './compile.js';
import { machine, machineLine } from './machine.js';
import { RESULTS, writeReport } from './report.js';
import { spreadOf } from './statistics.js';
import { range, table } from './table.js';

interface Imported {
  readonly ms: number;
  readonly mb: number;
}

const BOUNDS = { ms: 60, mb: 12 };

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, out: { type: 'string', default: RESULTS } },
});
const count = positive('rounds', values.rounds);

using compiled = compile();
const program = compiled.program('import/imported');
const once = () =>
  JSON.parse(
    execFileSync(process.execPath, ['--expose-gc', program], { encoding: 'utf8' }),
  ) as Imported;
once(); // which reads the files from the disk
const rounds = Array.from({ length: count }, once);
const rows = (['ms', 'mb'] as const).map((unit) => {
  const spread = spreadOf(rounds.map((round) => round[unit]));
  const verdict = spread.median <= BOUNDS[unit] ? 'met' : 'MISSED';
  const name = unit === 'ms' ? 'time, ms' : 'resident memory, MB';
  return [name, `≤ ${BOUNDS[unit]}`, range(spread), verdict];
});
const markdown = [
  '# Import of the module, beside Nest and TypeORM',
  machineLine(machine()),
  table(['What', 'Bound', `Median of ${count} (smallest–largest):`, 'Verdict'], rows),
].join('\n\n');
writeReport(values.out, 'import', markdown, { machine: machine(), rounds });
