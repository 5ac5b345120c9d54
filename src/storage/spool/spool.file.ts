import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type SqliteDriver from 'better-sqlite3';
import type { Database, Statement } from 'better-sqlite3';

import { errorText, toLine } from '../../common/error-text.js';
import { makePrivate } from '../../common/private-file.js';
import { requireOptional } from '../../common/require-optional.js';
import type { BodyEncoding } from '../../events/payload/kept-body.js';
import { CALLBACK_BATCHES } from '../batch.limits.js';
import { BatchQueue } from '../batch.queue.js';
import { prepareSqlite } from '../connection/drivers/sqlite.connection.js';
import { StorageSetupError } from '../storage.error.js';

/** A verified callback as it came, which is all that is needed to take it in later. */
export interface SpooledCallback {
  /** Position in the order of arrival. */
  readonly position: number;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  readonly routeKind: string | null;
  readonly remoteAddress: string | null;
  readonly body: string;
  readonly bodyEncoding: BodyEncoding;
}

/** What a callback of the file says. */
export type SpooledBody = Pick<SpooledCallback, 'position' | 'body' | 'bodyEncoding'>;

/** A row of the file. */
export interface SealedCallback extends SpooledCallback {
  readonly seal: string;
}

/** Marks the file as one of ours ("LCSP"), so that no other database is written to by mistake. */
const APPLICATION_ID = 0x4c435350;
/** How long a process that ends may still hold the file, ms. */
const LOCK_WAIT_MS = 10_000;
const LOCK_PAUSE_MS = 100;

/**
 * A SQLite file of this process alone, with the durability of the database itself: WAL and
 * `synchronous=FULL`. Holds verified callbacks until the database can take them.
 */
export class SpoolFile {
  private readonly queue = new BatchQueue<SealedCallback, void>(
    (batch) => Promise.resolve(this.insert(batch)),
    CALLBACK_BATCHES,
  );
  private readonly insertOne: Statement;
  private readonly selectFirst: Statement;
  private readonly deleteOne: Statement;
  private readonly setOneAside: Statement;
  private readonly selectAside: Statement;
  /** Rows, and those that are on their way. */
  private held: number;
  /** Positions of rows that are in the database and could not be deleted here. */
  private readonly leftOver = new Set<number>();
  private probes = 0;
  private aside = 0;
  private lastPosition: number;

  private constructor(private readonly database: Database) {
    this.insertOne = database.prepare(
      `INSERT INTO spooled_callback (position, received_at, route_kind, remote_address, body,
         body_encoding, seal)
       VALUES (@position, @receivedAt, @routeKind, @remoteAddress, @body, @bodyEncoding, @seal)`,
    );
    this.selectFirst = database.prepare(
      `SELECT position, received_at AS receivedAt, route_kind AS routeKind,
         remote_address AS remoteAddress, body, body_encoding AS bodyEncoding, seal
       FROM spooled_callback
       WHERE position < ? AND NOT is_aside AND position NOT IN (SELECT value FROM json_each(?))
       ORDER BY position LIMIT ?`,
    );
    this.deleteOne = database.prepare('DELETE FROM spooled_callback WHERE position = ?');
    this.setOneAside = database.prepare(
      'UPDATE spooled_callback SET is_aside = 1 WHERE position = ?',
    );
    this.selectAside = database.prepare(
      `SELECT position, body, body_encoding AS bodyEncoding FROM spooled_callback WHERE is_aside`,
    );
    const row = database
      .prepare('SELECT count(*) AS held, max(position) AS last FROM spooled_callback')
      .get() as { held: number; last: number | null };
    this.held = row.held;
    this.lastPosition = row.last ?? 0;
  }

  /**
   * Opens the file, or makes it.
   *
   * @throws StorageSetupError when it cannot be written, is not a spool, is damaged, or is in use
   */
  static async open(path: string): Promise<SpoolFile> {
    const Sqlite = loadSqlite();
    let database: Database | undefined;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Bodies may hold what nobody else on the host should read.
      makePrivate(path);
      for (const suffix of ['-wal', '-shm', '-journal']) makePrivate(path + suffix, false);
      database = new Sqlite(path, { timeout: 0 });
      await lock(database, path);
      prepare(database, path);
      return new SpoolFile(database);
    } catch (error) {
      database?.close();
      if (error instanceof StorageSetupError) throw error;
      if (codeOf(error).startsWith('SQLITE_CORRUPT')) throw damaged(path, errorText(error));
      throw new StorageSetupError(
        `The spool file "${path}" cannot be used: ${errorText(error)}. Give spool.path a file in a folder that this process may write to, on a disk that outlives it.`,
        { cause: error },
      );
    }
  }

  /** How many callbacks wait in it, those included that are being written. */
  get size(): number {
    return this.held;
  }

  /** How many lie in it that cannot be taken in; they are tried again when it is opened. */
  get asideSize(): number {
    return this.aside;
  }

  /** The next position in the order of arrival; positions of one process never repeat. */
  nextPosition(): number {
    return ++this.lastPosition;
  }

  /**
   * Resolves when the callback is on the disk.
   *
   * @param seal what proves later that the row is as it was written
   * @throws the error of SQLite, as for a full disk, or of the seal; nothing is kept then
   */
  async add(callback: SpooledCallback, seal: Promise<string>): Promise<void> {
    this.held++;
    try {
      await this.queue.add({ ...callback, seal: await seal }, callback.body.length);
    } catch (error) {
      this.held--;
      throw error;
    }
  }

  /** The earliest callbacks, of those before a position. */
  first(limit: number, before: number): readonly SealedCallback[] {
    const leftOver = JSON.stringify([...this.leftOver]);
    return this.selectFirst.all(before, leftOver, limit) as SealedCallback[];
  }

  /**
   * Forgets callbacks that are in the database now.
   *
   * @throws the error of SQLite, as for a full disk; they wait no more all the same
   */
  remove(callbacks: readonly SpooledCallback[]): void {
    for (const { position } of callbacks) this.leftOver.add(position);
    this.held -= callbacks.length;
    this.database.transaction(() => {
      for (const position of this.leftOver) this.deleteOne.run(position);
    })();
    this.leftOver.clear();
  }

  /** Leaves callbacks that cannot be taken in in the file, until the file is opened again. */
  setAside(callbacks: readonly SpooledCallback[]): void {
    this.database.transaction(() => {
      for (const { position } of callbacks) this.setOneAside.run(position);
    })();
    this.held -= callbacks.length;
    this.aside += callbacks.length;
  }

  /** Deletes callbacks that were set aside. @returns how many */
  eraseAside(matches: (spooled: SpooledBody) => boolean, dryRun: boolean): number {
    const found = (this.selectAside.all() as SpooledBody[]).filter(matches);
    if (dryRun || found.length === 0) return found.length;
    this.database.transaction(() => {
      for (const { position } of found) this.deleteOne.run(position);
    })();
    this.aside -= found.length;
    return found.length;
  }

  /** @throws the error of SQLite when nothing could be written now */
  probe(): void {
    // What changes nothing is not written.
    this.database.pragma(`user_version = ${++this.probes % 2 ** 31}`);
  }

  async close(): Promise<void> {
    await this.queue.drained();
    this.database.close();
  }

  private insert(batch: readonly SealedCallback[]): void[] {
    this.database.transaction(() => {
      for (const callback of batch) this.insertOne.run(callback);
    })();
    return batch.map(() => undefined);
  }
}

function loadSqlite() {
  return requireOptional(
    'better-sqlite3',
    (cause) =>
      new StorageSetupError(
        'The option "spool" needs the package better-sqlite3: npm install better-sqlite3',
        { cause },
      ),
  ) as typeof SqliteDriver;
}

/** Takes the file for this process; another one that is about to end gets time to. */
async function lock(database: Database, path: string): Promise<void> {
  const deadline = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      database.pragma('locking_mode = EXCLUSIVE');
      // Reading the application id is a read: nothing of a foreign file is changed before it is known.
      const id = database.pragma('application_id', { simple: true });
      const tables = database.prepare('SELECT count(*) FROM sqlite_master').pluck().get();
      if (id !== APPLICATION_ID && tables !== 0) {
        throw new StorageSetupError(
          `"${path}" is a SQLite database of something else, not a spool. Give spool.path a file of its own.`,
        );
      }
      prepareSqlite(database);
      database.transaction(() => database.pragma(`application_id = ${APPLICATION_ID}`)).immediate();
      return;
    } catch (error) {
      if (!codeOf(error).startsWith('SQLITE_BUSY')) throw error;
      if (performance.now() > deadline) {
        throw new StorageSetupError(
          `The spool file "${path}" is in use by another process. Give each process a spool.path of its own.`,
          { cause: error },
        );
      }
      await sleep(LOCK_PAUSE_MS);
    }
  }
}

/** @throws StorageSetupError when the file is damaged */
function prepare(database: Database, path: string): void {
  const [finding] = database.pragma('quick_check(1)') as { quick_check: string }[];
  if (finding?.quick_check !== 'ok') throw damaged(path, toLine(String(finding?.quick_check), 200));
  database.exec(
    `CREATE TABLE IF NOT EXISTS spooled_callback (
       position INTEGER PRIMARY KEY,
       received_at INTEGER NOT NULL,
       route_kind TEXT,
       remote_address TEXT,
       body TEXT NOT NULL,
       seal TEXT NOT NULL,
       body_encoding TEXT NOT NULL,
       is_aside INTEGER NOT NULL DEFAULT 0
     );
     UPDATE spooled_callback SET is_aside = 0 WHERE is_aside;`,
  );
}

function damaged(path: string, finding: string): StorageSetupError {
  return new StorageSetupError(
    `The spool file "${path}" is damaged (${finding}). It may hold callbacks that were acknowledged: move it away, recover them with "sqlite3 FILE .recover", and start again.`,
  );
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}
