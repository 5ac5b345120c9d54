/**
 * Shows what the module costs when its tables have grown:
 *
 *     npm run bench:growth -- --db sqlite,postgres,mariadb --rounds 5 --large
 *
 * Fills 10,000 and 1,000,000 rows (with `--large` 10,000,000 too; `--sizes 1000,20000` for others), and
 * measures intake, questions, poll and purge at each size in turn. Writes `results/growth.md` and
 * `.json`, and the query plans to `results/plans/`. Exits with 1 when a callback was lost or an answer wrong.
 */
import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { positive } from './arguments.js';
import { ChildHandle } from './child.handle.js';
import { compile } from './compile.js';
import { DATABASE_NAMES, type DatabaseKey } from './contenders.js';
import { measureGrowth, type Growth } from './growth/measure.js';
import { toMarkdown } from './growth/growth.report.js';
import { machine } from './machine.js';
import { RESULTS, writeReport } from './report.js';

const SIZES = [10_000, 1_000_000];
const LARGE = 10_000_000;

const { values } = parseArgs({
  options: {
    db: { type: 'string', default: 'sqlite,postgres,mariadb' },
    sizes: { type: 'string', default: SIZES.join(',') },
    large: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    callbacks: { type: 'string', default: '3000' },
    connections: { type: 'string', default: '64' },
    out: { type: 'string', default: RESULTS },
  },
});
const keys = values.db.split(',');
const stranger = keys.find((key) => !(key in DATABASE_NAMES));
if (stranger !== undefined) {
  throw new Error(`--db takes ${Object.keys(DATABASE_NAMES).join(', ')}, not "${stranger}".`);
}
const sizes = values.sizes.split(',').map((size) => positive('sizes', size));
if (values.large) sizes.push(LARGE);

using compiled = compile();
const generator = await ChildHandle.start(compiled.program('load/generator'));
try {
  const bench = { compiled, generator, connections: positive('connections', values.connections) };
  const growths: Growth[] = [];
  for (const key of keys) {
    growths.push(
      await measureGrowth(key as DatabaseKey, bench, {
        sizes,
        rounds: positive('rounds', values.rounds),
        callbacks: positive('callbacks', values.callbacks),
        out: values.out,
      }),
    );
    // Written after each database: a run that is cut off has not been for nothing.
    const data = { machine: machine(), growths };
    writeReport(values.out, 'growth', toMarkdown(data.machine, growths), data);
  }
  process.exitCode = growths.every(({ problems }) => problems.length === 0) ? 0 : 1;
} finally {
  await generator.stop();
}
