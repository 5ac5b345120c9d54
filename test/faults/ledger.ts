import { createHash } from 'node:crypto';

import Sqlite, { type Database, type Statement } from 'better-sqlite3';

const BATCH = 1_000;

const TABLES = `
  CREATE TABLE acknowledged (digest BLOB PRIMARY KEY, label TEXT, at REAL) WITHOUT ROWID;
  CREATE TABLE stored (callback TEXT PRIMARY KEY, digest BLOB, kind TEXT, received REAL) WITHOUT ROWID;
  CREATE TABLE delivery (callback TEXT, listener TEXT, state TEXT, PRIMARY KEY (callback, listener)) WITHOUT ROWID;
  CREATE TABLE effect (id INTEGER PRIMARY KEY, callback TEXT);
  CREATE TABLE run (
    life INT, run INT, listener TEXT, callback TEXT, attempt INT, stream TEXT,
    began REAL, ended REAL, outcome TEXT, reason TEXT, recorded REAL, PRIMARY KEY (life, run)
  ) WITHOUT ROWID;`;

/**
 * All that is known of a run, in a SQLite file: what was acknowledged, what the listeners did, and in
 * the end what the database under test holds. A file, so that memory stays flat however long it is.
 * It is not meant to survive anything.
 */
export class Ledger {
  readonly database: Database;
  private readonly insertAcknowledged: Statement;
  private waiting: [digest: Buffer, label: string, at: number][] = [];

  constructor(path: string) {
    this.database = new Sqlite(path);
    this.database.pragma('journal_mode = OFF');
    this.database.pragma('synchronous = OFF');
    this.database.exec(TABLES);
    this.insertAcknowledged = this.database.prepare(
      'INSERT OR IGNORE INTO acknowledged VALUES (?, ?, ?)',
    );
  }

  /** Notes a body, and when it was first answered with 200. */
  acknowledge(body: string, label: string, at: number): void {
    this.waiting.push([digestOf(body), label, at]);
    if (this.waiting.length >= BATCH) this.flush();
  }

  /** Writes down what waits to be. */
  flush(): void {
    const waiting = this.waiting;
    this.waiting = [];
    this.inTransaction(() => {
      for (const values of waiting) this.insertAcknowledged.run(...values);
    });
  }

  inTransaction(work: () => void): void {
    this.database.transaction(work)();
  }

  /** First column of the first row. */
  count(sql: string): number {
    return Number(this.database.prepare(sql).pluck().get());
  }

  close(): void {
    this.database.close();
  }
}

/** Digest over the bytes of a body. */
export function digestOf(body: string): Buffer {
  return createHash('sha256').update(body, 'utf8').digest().subarray(0, 16);
}
