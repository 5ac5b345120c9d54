/** The log of SQLite is copied by a thread beside the event loop, and by the commits where there is none. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { SqliteCheckpointer } from '../../src/storage/connection/drivers/sqlite.checkpointer.js';
import { prepareSqlite } from '../../src/storage/connection/drivers/sqlite.connection.js';

const PAGE = 4_096;
const PATIENCE = { timeout: 10_000 };

function open(Driver = Database, nativeBinding?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'live-callback-'));
  const file = join(folder, 'main.db');
  const database = new Driver(file);
  prepareSqlite(database);
  database.exec('CREATE TABLE page (bytes BLOB)');
  const insert = database.prepare('INSERT INTO page VALUES (?)');
  const checkpointer = new SqliteCheckpointer(database, { nativeBinding });
  onTestFinished(async () => {
    await checkpointer.close();
    database.close();
    rmSync(folder, { recursive: true });
  });
  return {
    /** One commit of about so many pages. */
    commit: (pages: number) => {
      insert.run(Buffer.alloc(pages * PAGE));
      checkpointer.afterCommit();
    },
    pagesInFile: () => statSync(file).size / PAGE,
    pagesInLog: () => statSync(`${file}-wal`).size / PAGE,
    pagesInCommit: () => database.pragma('wal_autocheckpoint', { simple: true }),
  };
}

function spyOnWarnings() {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  return warn;
}

describe('the log of SQLite', () => {
  it('is copied into the database file beside the commits, once it is long', async () => {
    const { commit, pagesInFile, pagesInCommit } = open();
    commit(500);
    expect(pagesInCommit()).toBe(1_000);

    commit(700);
    await vi.waitFor(() => {
      commit(1);
      expect(pagesInCommit()).toBe(16_000);
    }, PATIENCE);
    const copied = pagesInFile();
    for (let i = 0; i < 10; i++) commit(200);
    await vi.waitFor(() => {
      commit(1);
      expect(pagesInFile()).toBeGreaterThan(copied + 2_000);
    }, PATIENCE);
  });

  it('is begun anew again and again while commits follow one another', async () => {
    const { commit, pagesInFile, pagesInLog } = open();
    for (let i = 0; i < 400; i++) {
      commit(200);
      await turn();
    }

    await vi.waitFor(() => {
      commit(1);
      expect(pagesInFile()).toBeGreaterThan(400 * 200);
    }, PATIENCE);
    expect(pagesInLog()).toBeLessThan(200 * 200);
  });

  it('is copied within the commits again when the thread fails, and that is said once', async () => {
    const warn = spyOnWarnings();
    const { commit, pagesInFile, pagesInCommit } = open(Database, '/nowhere/better_sqlite3.node');
    commit(1_200);
    await vi.waitFor(() => expect(pagesInCommit()).toBe(1_000), PATIENCE);

    const before = pagesInFile();
    for (let i = 0; i < 10; i++) commit(200);
    expect(pagesInFile()).toBeGreaterThan(before + 1_000);
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]?.[0]).toContain('/nowhere/better_sqlite3.node');
  });

  it('is copied within the commits when the driver is not known to be the one of this process', () => {
    const warn = spyOnWarnings();
    const { commit, pagesInCommit } = open(class extends Database {} as typeof Database);
    commit(1_200);

    expect(pagesInCommit()).toBe(1_000);
    expect(warn).not.toHaveBeenCalled();
  });
});
