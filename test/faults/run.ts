/**
 * Kills the application again and again while callbacks arrive, and compares at the end:
 *
 *     npm run test:faults -- --duration 120 --kills 60 --db sqlite|postgres|mysql
 *
 * Ends with one line of figures, and exits with 1 unless every promise held.
 */
import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { DATABASES } from '../support/databases.js';
import { isClean, lineOf, runCampaign } from './campaign.js';

const NAMES = { sqlite: 'SQLite', postgres: 'PostgreSQL', mysql: 'MariaDB' } as const;

const { values } = parseArgs({
  options: {
    duration: { type: 'string', default: '60' },
    kills: { type: 'string', default: '30' },
    db: { type: 'string', default: 'sqlite' },
  },
});
const duration = Number(values.duration);
const kills = Number(values.kills);
const chosen = DATABASES.find(({ name }) => name === NAMES[values.db as keyof typeof NAMES]);
if (!chosen || !(duration > 0) || !Number.isSafeInteger(kills)) {
  throw new Error('Usage: --duration SECONDS --kills N --db sqlite|postgres|mysql');
}
if (chosen.isAbsent) throw new Error(`${chosen.name} does not answer on this machine`);

const database = await chosen.create();
try {
  const figures = await runCampaign({
    database: database.options,
    duration,
    kills,
    onProgress: (line) => process.stdout.write(`${line}\n`),
  });
  process.stdout.write(`${chosen.name}: ${lineOf(figures)}\n`);
  process.exitCode = isClean(figures) ? 0 : 1;
} finally {
  await database.drop();
}
