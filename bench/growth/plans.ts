import type { DataSource } from 'typeorm';

import type { Statement } from './statement.recorder.js';

/** What each database calls it. */
const EXPLAIN: Record<string, string> = {
  'better-sqlite3': 'EXPLAIN QUERY PLAN',
  postgres: 'EXPLAIN (ANALYZE, BUFFERS)',
  mariadb: 'ANALYZE FORMAT=JSON',
};

/** The plans of some statements, each below its text. */
export async function explain(
  dataSource: DataSource,
  statements: readonly Statement[],
): Promise<string> {
  const parts: string[] = [];
  for (const { sql, parameters } of statements) {
    const rows = await dataSource.query<Record<string, unknown>[]>(
      `${EXPLAIN[dataSource.options.type]} ${sql}`,
      [...parameters],
    );
    // SQLite has its text in `detail`; the others have a single column.
    const lines = rows.map((row) => String(row['detail'] ?? Object.values(row)[0]));
    parts.push(`${sql}\n\n${lines.join('\n')}`);
  }
  return parts.join('\n\n');
}
