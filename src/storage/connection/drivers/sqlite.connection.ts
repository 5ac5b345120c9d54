import type { Database } from 'better-sqlite3';

import { StorageSetupError } from '../../storage.error.js';

/**
 * Makes commits of a SQLite connection survive a power loss, and what it deletes unreadable in the file.
 *
 * @throws StorageSetupError when the setting is not kept
 */
export function prepareSqlite(database: Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('secure_delete = ON');
  const synchronous = database.pragma('synchronous', { simple: true });
  if (synchronous !== 2) {
    throw new StorageSetupError(
      `SQLite answers synchronous=${String(synchronous)} after it was set to FULL (2); callbacks would not survive a power loss.`,
    );
  }
}
