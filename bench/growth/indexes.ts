import type { QueryRunner } from 'typeorm';

import type { DatabaseKey } from '../contenders.js';

interface Index {
  readonly name: string;
  readonly table: string;
  readonly create: string;
}

const TABLES = "('live_callback', 'live_callback_delivery')";

/** The indexes beside the primary keys, with the statement that makes each anew. */
const LIST: Record<DatabaseKey, string> = {
  postgres: `SELECT indexname AS "name", tablename AS "table", indexdef AS "create"
    FROM pg_indexes WHERE tablename IN ${TABLES} AND indexname NOT LIKE '%pkey'`,
  sqlite: `SELECT name, tbl_name AS "table", sql AS "create"
    FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ${TABLES}`,
  mariadb: `SELECT index_name AS name, table_name AS \`table\`, concat(
      'CREATE ', if(max(non_unique) = 0, 'UNIQUE ', ''), 'INDEX ', index_name, ' ON ', table_name,
      ' (', group_concat(column_name ORDER BY seq_in_index), ')') AS \`create\`
    FROM information_schema.statistics
    WHERE table_schema = database() AND table_name IN ${TABLES} AND index_name <> 'PRIMARY'
    GROUP BY index_name, table_name`,
};

/** Drops the indexes. @returns the statements that make them anew */
export async function dropIndexes(runner: QueryRunner, key: DatabaseKey): Promise<string[]> {
  const indexes = (await runner.query(LIST[key])) as Index[];
  for (const { name, table } of indexes) {
    await runner.query(`DROP INDEX ${name}${key === 'mariadb' ? ` ON ${table}` : ''}`);
  }
  return indexes.map(({ create }) => create);
}
