/**
 * Kills the application and takes its database away, again and again, while callbacks arrive, and
 * compares at the end. See README.md.
 */
import 'reflect-metadata';

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { compileApplication, runCampaign } from './campaign.js';
import type { FaultyDatabase } from './databases/faulty-database.js';
import { startMariadb } from './databases/mariadb.js';
import { startPostgres } from './databases/postgres.js';
import { startRedis } from './databases/redis.js';
import { createSqlite } from './databases/sqlite.js';
import { breachesOf, lineOf } from './figures.js';
import { figuresOf, headOf, sectionOf } from './report.js';
import type { Plan } from './schedule.js';

const USAGE =
  'Usage: npm run test:faults -- --duration SECONDS --kills N --db sqlite|postgres|mysql|all [--nodes N] [--engine bullmq] [--sessions] [--outages N] [--callbacks N] [--report FILE]; several nodes need postgres or mysql';
const KILLS_PER_OUTAGE = 10;
const KILLS_PER_REDIS_FAULT = 2;

const DATABASES: Record<string, { name: string; start: () => Promise<FaultyDatabase> }> = {
  sqlite: { name: 'SQLite', start: createSqlite },
  postgres: { name: 'PostgreSQL', start: startPostgres },
  mysql: { name: 'MariaDB', start: () => startMariadb() },
};

const { values } = parseArgs({
  options: {
    duration: { type: 'string', default: '60' },
    kills: { type: 'string', default: '30' },
    outages: { type: 'string' },
    callbacks: { type: 'string', default: '0' },
    nodes: { type: 'string', default: '1' },
    engine: { type: 'string' },
    sessions: { type: 'boolean', default: false },
    db: { type: 'string', default: 'sqlite' },
    report: { type: 'string' },
  },
});
const kills = Number(values.kills);
const plan: Plan = {
  duration: Number(values.duration),
  kills,
  outages: Number(values.outages ?? Math.ceil(kills / KILLS_PER_OUTAGE)),
  callbacks: Number(values.callbacks),
  nodes: Number(values.nodes),
  sessions: values.sessions,
  redisFaults: values.engine ? Math.ceil(kills / KILLS_PER_REDIS_FAULT) : 0,
};
const { duration, sessions: _sessions, ...counts } = plan;
const areCounts = Object.values(counts).every((count) => Number.isSafeInteger(count) && count >= 0);
const chosen = values.db === 'all' ? Object.keys(DATABASES) : [values.db];
const areDatabases = chosen.every((db) => Object.hasOwn(DATABASES, db));
const isShareable = plan.nodes === 1 || (plan.nodes > 1 && !chosen.includes('sqlite'));
const isEngine = values.engine === undefined || values.engine === 'bullmq';
if (!(duration > 0) || !areCounts || !areDatabases || !isShareable || !isEngine) {
  throw new Error(USAGE);
}

const print = (line: string) => process.stdout.write(`${line}\n`);
const sections = [headOf()];
// Ends by way of `exit`, on which the servers are ended too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

async function runOn(chosenDatabase: (typeof DATABASES)[string], program: string): Promise<void> {
  const name = [
    chosenDatabase.name,
    ...(plan.nodes > 1 ? [`${plan.nodes} nodes`] : []),
    ...(values.engine ? ['BullMQ'] : []),
  ].join(', ');
  const database = await chosenDatabase.start();
  const redis = values.engine ? await startRedis() : null;
  try {
    await runCampaign(
      plan,
      program,
      database,
      redis,
      (line) => print(`${name}: ${line}`),
      (outcome) => {
        const figures = figuresOf(outcome);
        const breaches = breachesOf(figures, plan);
        sections.push(sectionOf(name, plan, outcome, breaches));
        for (const breach of breaches) print(`${name}: ${breach}`);
        if (outcome.sessions) {
          const { sessions, differences } = outcome.sessions;
          for (const one of differences.slice(0, 10)) print(`${name}: ${one}`);
          print(
            `${name}: ${sessions} sessions, ${differences.length} otherwise than without faults`,
          );
          if (differences.length > 0) process.exitCode = 1;
        }
        print(`${name}: ${lineOf(figures)}`);
        if (breaches.length > 0) process.exitCode = 1;
        return breaches.length === 0;
      },
    );
  } finally {
    await redis?.close();
    await database.close();
  }
}

const application = compileApplication();
try {
  for (const db of chosen)
    await runOn(DATABASES[db] as (typeof DATABASES)[string], application.program);
} finally {
  application.remove();
  if (values.report) writeFileSync(values.report, `${sections.join('\n\n')}\n`);
}
