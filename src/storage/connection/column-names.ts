import type { DataSource } from 'typeorm';

import { LIVE_CALLBACK_ENTITIES } from '../entities/index.js';

/** Texts and quoted names, which stay, and words that are neither parameters nor functions. */
const WORD = /'[^']*'|"[^"]*"|`[^`]*`|(?<![\w:@$])[a-z_]+\b(?!\()/g;

/**
 * Has native statements speak of the columns of the module's tables as a DataSource names them. They are
 * written with the names that the entities give; a naming strategy may turn these into others, and the
 * host's repositories look for those. Aliases of the same name within a statement change with them, so what
 * is read by name from a result is quoted there.
 */
export function columnNames(dataSource: DataSource): (sql: string) => string {
  const names = new Map<string, string>();
  for (const entity of LIVE_CALLBACK_ENTITIES) {
    for (const column of dataSource.getMetadata(entity).columns) {
      const given = column.givenDatabaseName ?? column.propertyName;
      if (column.databaseName !== given) {
        names.set(given, dataSource.driver.escape(column.databaseName));
      }
    }
  }
  if (names.size === 0) return (sql) => sql;
  return (sql) => sql.replaceAll(WORD, (word) => names.get(word) ?? word);
}
