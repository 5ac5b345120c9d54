import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DataSourceOptions } from 'typeorm';

import { KeptTables, migrate, type TestDatabase } from './kept-tables.js';
import { MYSQL_KEEPER } from './mysql.keeper.js';
import { leavePostgres, takePostgres } from './postgres.databases.js';
import { POSTGRES_KEEPER } from './postgres.keeper.js';
import { MYSQL, onServer, POSTGRES } from './servers.js';
import { nextDatabaseName } from './test-run.js';

/** Where there is one a folder in memory: what a disk has of a commit is for test/faults to ask. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

async function createBareSqlite(): Promise<SqliteDatabase> {
  const folder = mkdtempSync(join(SCRATCH, 'live-callback-'));
  return {
    options: { type: 'better-sqlite3', database: join(folder, 'test.db') },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

type SqliteDatabase = TestDatabase & { options: { type: 'better-sqlite3'; database: string } };

let migrated: Promise<Buffer> | undefined;

/** A copy of a file in which the migrations have run: to run them takes more than half as long as all else of a start. */
async function createSqlite(): Promise<TestDatabase> {
  migrated ??= (async () => {
    const bare = await createBareSqlite();
    await migrate(bare.options);
    const file = readFileSync(bare.options.database);
    await bare.drop();
    return file;
  })();
  const created = await createBareSqlite();
  writeFileSync(created.options.database, await migrated);
  return created;
}

async function createBarePostgres(): Promise<TestDatabase> {
  const database = await takePostgres();
  return { options: { ...POSTGRES, database }, drop: () => leavePostgres(database) };
}

async function createBareMysql(): Promise<TestDatabase> {
  const database = nextDatabaseName();
  await onServer({ ...MYSQL }, `CREATE DATABASE ${database}`);
  return {
    options: { ...MYSQL, database },
    drop: () => onServer({ ...MYSQL }, `DROP DATABASE IF EXISTS ${database}`),
  };
}

const postgres = new KeptTables(createBarePostgres, POSTGRES_KEEPER);
const mysql = new KeptTables(createBareMysql, MYSQL_KEEPER);

async function answers(options: DataSourceOptions): Promise<boolean> {
  try {
    await onServer(options, 'SELECT 1');
    return true;
  } catch (error) {
    if (process.env['REQUIRE_SERVICES'] === '1') throw error;
    return false;
  }
}

const hasPostgres = await answers({ ...POSTGRES, database: 'postgres' });
const hasMysql = await answers({ ...MYSQL });

/**
 * The databases of the suite; one that does not answer is skipped by name. `create` makes one that may have
 * the module's tables already, as a database has after the first start; `createBare` one without any table.
 */
export const DATABASES = [
  { name: 'SQLite', isAbsent: false, create: createSqlite, createBare: createBareSqlite },
  {
    name: 'PostgreSQL',
    isAbsent: !hasPostgres,
    create: () => postgres.take(),
    createBare: createBarePostgres,
  },
  {
    name: 'MariaDB',
    isAbsent: !hasMysql,
    create: () => mysql.take(),
    createBare: createBareMysql,
  },
] as const;

/**
 * Where what is built upon storage is tried: on SQLite, and with EVERY_DATABASE=1, as in `.ci/run`, on each.
 * What storage promises, and the order, leases and retries of deliveries, is tried on {@link DATABASES} always.
 */
export const FEATURE_DATABASES =
  process.env['EVERY_DATABASE'] === '1' ? DATABASES : DATABASES.slice(0, 1);

/** Databases that answer, and the names of those that do not. */
export type DatabaseCase = (typeof DATABASES)[number];

export { createBareSqlite, createSqlite, type TestDatabase };
