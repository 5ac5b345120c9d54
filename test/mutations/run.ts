/**
 * Sends many mutants of the documented samples to the module and compares what is stored:
 *
 *     npm run test:mutations -- --count 200000 --seed 1 --db sqlite|postgres|mysql
 *
 * Prints progress, why callbacks were quarantined and a last line of figures, and exits with 1 unless
 * nothing was lost, nothing failed, and few were quarantined, each for its stream or task. The same seed sends the same bodies.
 */
import { parseArgs } from 'node:util';

import { createViteServer } from 'vitest/node';

import { DATABASES } from '../support/databases.js';

const NAMES = { sqlite: 'SQLite', postgres: 'PostgreSQL', mysql: 'MariaDB' } as const;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    db: { type: 'string', default: 'sqlite' },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
const name = NAMES[values.db as keyof typeof NAMES];
const chosen = DATABASES.find((it) => it.name === name);
if (!chosen || !Number.isSafeInteger(count) || !Number.isSafeInteger(seed)) {
  throw new Error('Usage: --count INTEGER --seed INTEGER --db sqlite|postgres|mysql');
}
if (chosen.isAbsent) throw new Error(`${chosen.name} does not answer on this machine`);

// As the tests do: tsx compiles without the types of constructor parameters, which Nest needs.
const vite = await createViteServer({
  configFile: false,
  appType: 'custom',
  server: { middlewareMode: true, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  logLevel: 'error',
});
const { runCampaign, lineOf } = (await vite.ssrLoadModule(
  '/test/mutations/campaign.ts',
)) as typeof import('./campaign.js');

const print = (line: string) => process.stdout.write(`${line}\n`);
const database = await chosen.create();
const startedAt = performance.now();
const seconds = () => Math.round((performance.now() - startedAt) / 1000);
try {
  const { figures, problems, reasons } = await runCampaign({
    database: database.options,
    seed,
    count,
    onProgress: (answered) => print(`${answered} of ${count} after ${seconds()} s`),
  });
  for (const problem of problems) print(problem);
  for (const [reason, times] of reasons) print(`quarantined, ${times} times: ${reason}`);
  print(`${chosen.name}, seed ${seed}, ${seconds()} s`);
  print(lineOf(figures));
  process.exitCode = figures.sent === count && figures.lost + figures.errors === 0 ? 0 : 1;
} finally {
  await database.drop();
  await vite.close();
}
