import type { TableKeeper } from './kept-tables.js';

/** A table with more is slower to empty than to make. */
const MANY_ROWS = 5_000;

export const MYSQL_KEEPER: TableKeeper = {
  shape: `
    SELECT md5(group_concat(line ORDER BY line SEPARATOR '\\n')) AS shape FROM (
      SELECT concat_ws(' ', table_name, column_name, column_type, is_nullable, collation_name, column_default) AS line
      FROM information_schema.columns WHERE table_schema = database()
      UNION ALL SELECT concat_ws(' ', table_name, engine, row_format, table_collation, create_options)
      FROM information_schema.tables WHERE table_schema = database()
      UNION ALL SELECT concat_ws(' ', table_name, index_name, seq_in_index, column_name, non_unique)
      FROM information_schema.statistics WHERE table_schema = database()
      UNION ALL SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()
      UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = database()
      UNION ALL SELECT concat_ws(' ', default_character_set_name, default_collation_name)
      FROM information_schema.schemata WHERE schema_name = database()
    ) described`,

  async quieten(dataSource) {
    await dataSource.query('SET SESSION group_concat_max_len = 1000000');
    const others = await dataSource.query<{ id: string }[]>(
      'SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()',
    );
    // One may have ended by itself meanwhile.
    for (const { id } of others) await dataSource.query(`KILL ${id}`).catch(() => {});
  },

  async clear(dataSource) {
    const tables = await dataSource.query<{ name: string; size: string }[]>(`
      SELECT table_name AS name, table_rows AS size FROM information_schema.tables
      WHERE table_schema = database() AND table_name <> 'live_callback_migration'`);
    if (tables.some(({ size }) => Number(size) > MANY_ROWS)) return false;
    for (const { name } of tables) await dataSource.query(`DELETE FROM ${name}`);
    return true;
  },
};
