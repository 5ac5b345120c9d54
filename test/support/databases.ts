import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DataSourceOptions } from 'typeorm';

import { leavePostgres, onServer, POSTGRES, takePostgres } from './postgres.databases.js';
import { leavePostgresWithTables, takePostgresWithTables } from './postgres.tables.js';

/** A database of one kind without a row, and how to get rid of it. */
export interface TestDatabase {
  readonly options: DataSourceOptions;
  drop(): Promise<void>;
}

const MYSQL = {
  type: 'mariadb',
  host: process.env['MYSQL_HOST'] ?? '127.0.0.1',
  port: Number(process.env['MYSQL_PORT'] ?? 3306),
  username: process.env['MYSQL_USER'] ?? 'root',
  password: process.env['MYSQL_PASSWORD'] ?? '',
} as const;

let counter = 0;
const nextName = () => `live_callback_test_${process.pid}_${Date.now().toString(36)}_${counter++}`;

/** Where there is one a folder in memory: what a disk has of a commit is for test/faults to ask. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

async function createSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(SCRATCH, 'live-callback-'));
  return {
    options: { type: 'better-sqlite3', database: join(folder, 'test.db') },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function createBarePostgres(): Promise<TestDatabase> {
  const database = await takePostgres();
  return { options: { ...POSTGRES, database }, drop: () => leavePostgres(database) };
}

async function createPostgres(): Promise<TestDatabase> {
  const database = await takePostgresWithTables();
  return { options: { ...POSTGRES, database }, drop: () => leavePostgresWithTables(database) };
}

async function createMysql(): Promise<TestDatabase> {
  const database = nextName();
  await onServer({ ...MYSQL }, `CREATE DATABASE ${database}`);
  return {
    options: { ...MYSQL, database },
    drop: () => onServer({ ...MYSQL }, `DROP DATABASE IF EXISTS ${database}`),
  };
}

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
  { name: 'SQLite', isAbsent: false, create: createSqlite, createBare: createSqlite },
  {
    name: 'PostgreSQL',
    isAbsent: !hasPostgres,
    create: createPostgres,
    createBare: createBarePostgres,
  },
  { name: 'MariaDB', isAbsent: !hasMysql, create: createMysql, createBare: createMysql },
] as const;

/** Databases that answer, and the names of those that do not. */
export type DatabaseCase = (typeof DATABASES)[number];

export { createSqlite };
