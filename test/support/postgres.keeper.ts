import type { TableKeeper } from './kept-tables.js';

/** Of the tables that a database has from the start the ids are lower. */
const OWN = 'oid > 16383';

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
    const [filled] = await dataSource.query<{ names: string | null }[]>(`
      SELECT string_agg(oid::regclass::text, ', ') AS names FROM pg_class
      WHERE relkind = 'r' AND ${OWN} AND relname <> 'live_callback_migration' AND pg_relation_size(oid) > 0`);
    if (filled?.names) await dataSource.query(`TRUNCATE ${filled.names}`);
    return true;
  },
};
