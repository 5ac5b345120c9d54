import type { TableKeeper } from './kept-tables.js';

/** Of the tables that a database has from the start the ids are lower. */
const OWN = 'oid > 16383';

/** A table that is larger, bytes, or of which statistics were made, is truncated, which takes ten times as long as to delete few rows. */
const LARGE = 262_144;

export const POSTGRES_KEEPER: TableKeeper = {
  shape: `
    SELECT md5(string_agg(line, E'\\n' ORDER BY line)) AS shape FROM (
      SELECT concat_ws(' ', n.nspname, n.nspacl, c.relname, c.relkind, c.relpersistence, c.reloptions, c.relacl,
        c.relrowsecurity, c.relhastriggers, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) AS line
      FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname) FROM pg_constraint WHERE ${OWN}
      UNION ALL SELECT proname FROM pg_proc WHERE ${OWN}
      UNION ALL SELECT extname FROM pg_extension
      UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
    ) lines`,

  async quieten(dataSource) {
    await dataSource.query(`ALTER DATABASE ${dataSource.driver.database} RESET ALL`);
    await dataSource.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
  },

  async clear(dataSource) {
    const filled = await dataSource.query<{ name: string; isLarge: boolean }[]>(`
      SELECT oid::regclass::text AS name, reltuples > 0 OR pg_relation_size(oid) > ${LARGE} AS "isLarge" FROM pg_class
      WHERE relkind = 'r' AND ${OWN} AND relname <> 'live_callback_migration' AND pg_relation_size(oid) > 0`);
    const large = filled.filter(({ isLarge }) => isLarge).map(({ name }) => name);
    if (large.length > 0) await dataSource.query(`TRUNCATE ${large.join(', ')}`);
    for (const { name, isLarge } of filled) {
      if (!isLarge) await dataSource.query(`DELETE FROM ${name}`);
    }
    return true;
  },
};
