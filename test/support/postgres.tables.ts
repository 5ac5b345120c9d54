import { DataSource } from 'typeorm';

import { LIVE_CALLBACK_ENTITIES, LIVE_CALLBACK_MIGRATIONS } from '../../src/index.js';
import { leavePostgres, POSTGRES, takePostgres } from './postgres.databases.js';

/** Databases with the module's tables, and no rows. To make the tables costs more than most tests do. */
const free: string[] = [];
/** What a database with the tables consists of. */
let shape: string | undefined;

/** Whatever a test may have changed but rows: columns, indexes, triggers, functions, rights and settings. */
const SHAPE = `
  SELECT md5(string_agg(line, E'\\n' ORDER BY line)) AS shape FROM (
    SELECT concat_ws(' ', n.nspname, n.nspacl, c.relname, c.relkind, c.relpersistence, c.reloptions, c.relacl,
      c.relrowsecurity, c.relhastriggers, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) AS line
    FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid > 16383
    UNION ALL SELECT proname FROM pg_proc WHERE oid > 16383
    UNION ALL SELECT extname FROM pg_extension
    UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
  ) lines`;

/** Those with rows, or that had some. */
const FILLED = `
  SELECT string_agg(oid::regclass::text, ', ') AS names FROM pg_class
  WHERE relkind = 'r' AND oid > 16383 AND relname <> 'live_callback_migration' AND pg_relation_size(oid) > 0`;

/** @returns the name of a database in which the migrations of the module have run */
export async function takePostgresWithTables(): Promise<string> {
  const left = free.pop();
  if (left !== undefined) return left;
  const database = await takePostgres();
  await on(database, async (dataSource) => {
    await dataSource.runMigrations();
    shape ??= await shapeOf(dataSource);
  });
  return database;
}

/** Takes the rows from a database for the next test, and its tables too when they are no longer as they were. */
export async function leavePostgresWithTables(database: string): Promise<void> {
  const isAsItWas = await on(database, async (dataSource) => {
    await dataSource.query(`ALTER DATABASE ${database} RESET ALL`);
    await dataSource.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    if ((await shapeOf(dataSource)) !== shape) return false;
    const [filled] = await dataSource.query<{ names: string | null }[]>(FILLED);
    if (filled?.names) await dataSource.query(`TRUNCATE ${filled.names}`);
    return true;
  });
  if (isAsItWas) free.push(database);
  else await leavePostgres(database);
}

async function on<R>(database: string, work: (dataSource: DataSource) => Promise<R>): Promise<R> {
  const dataSource = await new DataSource({
    ...POSTGRES,
    database,
    entities: [...LIVE_CALLBACK_ENTITIES],
    migrations: [...LIVE_CALLBACK_MIGRATIONS],
    migrationsTableName: 'live_callback_migration',
  }).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function shapeOf(dataSource: DataSource): Promise<string | undefined> {
  const [row] = await dataSource.query<{ shape: string }[]>(SHAPE);
  return row?.shape;
}
