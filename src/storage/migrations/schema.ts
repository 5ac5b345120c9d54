import { createHash } from 'node:crypto';

import type { QueryRunner } from 'typeorm';

import { columnNames } from '../connection/column-names.js';
import { dialectOf, type Dialect } from '../connection/dialect.js';

/** Column types that differ between the databases. Names and digests compare byte by byte. */
export const TYPES: Record<
  Dialect,
  Record<'id' | 'digest' | 'ascii' | 'name' | 'body' | 'flag', string>
> = {
  sqlite: {
    id: 'text',
    digest: 'blob',
    ascii: 'text',
    name: 'text',
    body: 'text',
    flag: 'integer',
  },
  postgres: {
    id: 'uuid',
    digest: 'uuid',
    ascii: 'text COLLATE "C"',
    name: 'text COLLATE "C"',
    body: 'text',
    flag: 'boolean',
  },
  mysql: {
    id: 'char(36) CHARACTER SET ascii COLLATE ascii_bin',
    digest: 'binary(16)',
    ascii: 'varchar(190) CHARACTER SET ascii COLLATE ascii_bin',
    name: 'varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin',
    body: 'mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    flag: 'tinyint(1)',
  },
};

/** Said and not left to the server: another engine has no transactions, another format no long keys. */
export const TABLE_OPTIONS: Record<Dialect, string> = {
  sqlite: '',
  postgres: '',
  mysql: ' ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4',
};

/** What PostgreSQL takes, and MySQL one more. */
const MAX_NAME_BYTES = 63;

/** The other binary collations ignore trailing spaces; the one that does not has two names. */
export async function nameType(runner: QueryRunner): Promise<string> {
  const dialect = dialectOf(runner.connection);
  const { name } = TYPES[dialect];
  if (dialect !== 'mysql') return name;
  const [row] = (await runner.query('SELECT VERSION() AS version')) as { version: string }[];
  return row?.version.includes('MariaDB') ? name.replace('0900_bin', 'nopad_bin') : name;
}

/** Creates an index that is not there. @param where what it is about, where the database can be told */
export async function createIndex(
  runner: QueryRunner,
  unique: 'UNIQUE' | '',
  table: string,
  suffix: string,
  columns: string,
  where?: string,
): Promise<void> {
  const dialect = dialectOf(runner.connection);
  const name = indexName(table, suffix);
  const index = runner.connection.driver.escape(name);
  const named = columnNames(runner.connection);
  if (dialect !== 'mysql') {
    const condition = where ? ` WHERE ${where}` : '';
    await runner.query(
      named(`CREATE ${unique} INDEX IF NOT EXISTS ${index} ON ${table} (${columns})${condition}`),
    );
    return;
  }
  // MySQL has no IF NOT EXISTS for indexes, and commits each of these statements by itself.
  const present = (await runner.query(`SHOW INDEX FROM ${table} WHERE Key_name = ?`, [
    name,
  ])) as unknown[];
  if (present.length > 0) return;
  await runner.query(named(`CREATE ${unique} INDEX ${index} ON ${table} (${columns})`));
}

/** What an index of {@link createIndex} is called. PostgreSQL would cut a longer name off, and take two indexes for one. */
export function indexName(table: string, suffix: string): string {
  const bare = String(table.split('.').at(-1)).replace(/["`]/g, '');
  const name = `ix_${bare}_${suffix}`;
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  return `ix_${createHash('sha256').update(bare).digest('hex').slice(0, 16)}_${suffix}`;
}
