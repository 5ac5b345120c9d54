import { existsSync } from 'node:fs';

import { DataSource, MigrationExecutor, type DataSourceOptions } from 'typeorm';

import { NOW_MS, dialectOf } from '../../storage/connection/dialect.js';
import { lookAtEnvironment } from '../../storage/connection/environment/look-at-environment.js';
import { openModuleDataSource } from '../../storage/connection/open-data-source.js';
import { DEFAULT_BODY_LIMIT } from '../../options/live-callback.config.js';
import { fixOf } from '../../storage/connection/statement.verdict.js';
import { hasSessions, proveSessionStatements } from '../../sessions/session.proof.js';
import { proveStatements } from '../../storage/statement.proof.js';
import { dataSourceOptionsOf } from '../../options/database-url.js';
import type { ClockReading } from './clock.check.js';
import { checkClock } from './clock.check.js';
import { broken, ok, warning, type Finding } from './finding.js';

/** Can callbacks be stored there? */
export async function checkDatabase(url: string): Promise<Finding[]> {
  let options: DataSourceOptions;
  try {
    options = dataSourceOptionsOf(url);
  } catch (error) {
    return [broken('database', (error as Error).message, 'Correct DATABASE_URL.')];
  }
  if (options.type === 'better-sqlite3' && !existsSync(options.database)) {
    const detail = `There is no SQLite database at ${options.database}.`;
    const fix = 'Give the path from this folder, or start the application once, which makes it.';
    return [broken('database', detail, fix)];
  }
  let dataSource: DataSource | undefined;
  try {
    dataSource = await openModuleDataSource(new DataSource(options));
    return await examine(dataSource);
  } catch (error) {
    const detail = `It cannot be used: ${messageOf(error)}.`;
    const fix = 'Check DATABASE_URL (address, user, password, name), and whether the server runs.';
    return [broken('database', detail, fix)];
  } finally {
    if (dataSource?.isInitialized) await dataSource.destroy();
  }
}

async function examine(dataSource: DataSource): Promise<Finding[]> {
  const clock = await readDatabaseClock(dataSource);
  const findings = [
    ok('database', `${dataSource.options.type} answers.`),
    checkClock('the database', clock),
    ...(await environmentOf(dataSource)),
  ];
  // Asked first: TypeORM would make the table of migrations.
  const runner = dataSource.createQueryRunner();
  const hasRun = await runner.hasTable(String(dataSource.options.migrationsTableName));
  await runner.release();
  const pending = hasRun
    ? await new MigrationExecutor(dataSource).getPendingMigrations()
    : dataSource.migrations.map(({ name, constructor }) => ({ name: name ?? constructor.name }));
  if (pending.length === 0) {
    return [
      ...findings,
      ok('migrations', 'All of them have run.'),
      ...(await statementsOf(dataSource)),
    ];
  }
  const names = pending.map(({ name }) => name).join(', ');
  const fix = 'Start the application, which runs them, or run LIVE_CALLBACK_MIGRATIONS yourself.';
  return [...findings, broken('migrations', `Not run yet: ${names}.`, fix)];
}

async function environmentOf(dataSource: DataSource): Promise<Finding[]> {
  const found = await lookAtEnvironment(dataSource, DEFAULT_BODY_LIMIT);
  if (found.length === 0) return [ok('settings', 'Those of the database endanger no callback.')];
  return found.map(({ severity, code, what, fix }) =>
    (severity === 'broken' ? broken : warning)(`settings ${code}`, `${what}.`, fix),
  );
}

/** Tries each in a transaction that is rolled back. */
async function statementsOf(dataSource: DataSource): Promise<Finding[]> {
  const now = NOW_MS[dialectOf(dataSource)];
  const verdicts = await proveStatements(dataSource, now);
  if (await hasSessions(dataSource)) {
    verdicts.push(...(await proveSessionStatements(dataSource, now)));
  }
  return verdicts.map(({ name, error }) => {
    const check = `statement ${name}`;
    return error
      ? broken(check, messageOf(error), fixOf(error))
      : ok(check, 'The database takes it.');
  });
}

async function readDatabaseClock(dataSource: DataSource): Promise<ClockReading> {
  const before = Date.now();
  const [row] = await dataSource.query<{ now: string | number }[]>(
    `SELECT ${NOW_MS[dialectOf(dataSource)]} AS now`,
  );
  const after = Date.now();
  return { time: Number(row?.now), at: (before + after) / 2, exactMs: (after - before) / 2 };
}

/** Several addresses were tried: what each said is more than the empty message of all. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
