import { onServer, POSTGRES } from './servers.js';
import { isInRun, nextDatabaseName } from './test-run.js';

const SERVER = { ...POSTGRES, database: 'postgres' };

/** Empty ones that tests have left. To make and to drop one costs the server more than most tests do. */
const free: string[] = [];

const EMPTY = `DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP;
  CREATE SCHEMA public;
END $$`;

/** @returns the name of an empty database */
export async function takePostgres(): Promise<string> {
  const left = free.pop();
  if (left !== undefined) return left;
  const name = nextDatabaseName();
  await onServer(SERVER, `CREATE DATABASE ${name}`);
  return name;
}

/** Empties a database for the next test; outside of a run it goes. */
export async function leavePostgres(name: string): Promise<void> {
  if (!isInRun()) {
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
