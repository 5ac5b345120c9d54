import { DataSource, type DataSourceOptions } from 'typeorm';

export const POSTGRES = {
  type: 'postgres',
  host: process.env['PGHOST'] ?? '127.0.0.1',
  port: Number(process.env['PGPORT'] ?? 5432),
  username: process.env['PGUSER'] ?? 'postgres',
  password: process.env['PGPASSWORD'] ?? '',
} as const;

/** Begins the names of the databases of one run of the suite, which ends them all; absent outside of one. */
const RUN = 'LIVE_CALLBACK_TEST_RUN';
const SERVER = { ...POSTGRES, database: 'postgres' };

/** Empty ones that tests have left. To make and to drop one costs the server more than most tests do. */
const free: string[] = [];
let counter = 0;

const EMPTY = `DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP;
  CREATE SCHEMA public;
END $$`;

/** Runs one statement on a connection of its own. */
export async function onServer(options: DataSourceOptions, ...statements: string[]): Promise<void> {
  const dataSource = await new DataSource(options).initialize();
  try {
    for (const sql of statements) await dataSource.query(sql);
  } finally {
    await dataSource.destroy();
  }
}

/** @returns the name of an empty database */
export async function takePostgres(): Promise<string> {
  const left = free.pop();
  if (left !== undefined) return left;
  const run = process.env[RUN] ?? 'live_callback_test';
  const name = `${run}_${process.pid}_${Date.now().toString(36)}_${counter++}`;
  await onServer(SERVER, `CREATE DATABASE ${name}`);
  return name;
}

/** Empties a database for the next test; outside of a run it goes. */
export async function leavePostgres(name: string): Promise<void> {
  if (process.env[RUN] === undefined) {
    await onServer(SERVER, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    return;
  }
  await onServer(
    { ...POSTGRES, database: name },
    `ALTER DATABASE ${name} RESET ALL`,
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    EMPTY,
  );
  free.push(name);
}

/** For vitest: one run of the suite. @returns what ends it */
export default function runOnPostgres(): () => Promise<void> {
  const run = `live_callback_test_run_${process.pid}`;
  process.env[RUN] = run;
  return async () => {
    const server = new DataSource(SERVER);
    try {
      await server.initialize();
    } catch {
      return; // without PostgreSQL there is nothing to drop
    }
    const names = await server.query<{ datname: string }[]>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [`${run}_`],
    );
    for (const { datname } of names) await server.query(`DROP DATABASE ${datname} WITH (FORCE)`);
    await server.destroy();
  };
}
