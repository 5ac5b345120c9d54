import { DataSource, type DataSourceOptions } from 'typeorm';

import { MYSQL, POSTGRES } from './servers.js';

/** Begins the names of the databases of one run of the suite, which ends them all; absent outside of one. */
const RUN = 'LIVE_CALLBACK_TEST_RUN';
let counter = 0;

/** Whether databases that are left behind go at the end. */
export const isInRun = () => process.env[RUN] !== undefined;

/** A name that no database of a test has. */
export function nextDatabaseName(): string {
  const run = process.env[RUN] ?? 'live_callback_test';
  return `${run}_${process.pid}_${Date.now().toString(36)}_${counter++}`;
}

/** For vitest: one run of the suite. @returns what ends it */
export default function beginRun(): () => Promise<void> {
  const run = `live_callback_test_run_${process.pid}`;
  process.env[RUN] = run;
  return async () => {
    await dropAll(
      { ...POSTGRES, database: 'postgres' },
      `SELECT datname AS name FROM pg_database WHERE starts_with(datname, '${run}_')`,
      (name) => `DROP DATABASE ${name} WITH (FORCE)`,
    );
    await dropAll(
      MYSQL,
      `SELECT schema_name AS name FROM information_schema.schemata WHERE locate('${run}_', schema_name) = 1`,
      (name) => `DROP DATABASE ${name}`,
    );
  };
}

async function dropAll(
  options: DataSourceOptions,
  find: string,
  dropOf: (name: string) => string,
): Promise<void> {
  const server = new DataSource(options);
  try {
    await server.initialize();
  } catch {
    return; // without a server there is nothing to drop
  }
  const databases = await server.query<{ name: string }[]>(find);
  for (const { name } of databases) await server.query(dropOf(name));
  await server.destroy();
}
