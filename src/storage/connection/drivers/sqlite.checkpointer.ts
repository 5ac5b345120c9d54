import { statSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';

import { Logger } from '@nestjs/common';
import type { Database } from 'better-sqlite3';

import { errorText } from '../../../common/error-text.js';
import { startSqliteThread, type SqliteThreadOptions } from './sqlite.thread.js';

/** Pages in the log at which SQLite copies it within a commit, which is its own default. */
const COMMIT_PAGES = 1_000;
/** The same while the thread copies: the log is begun anew only where it was copied to its end. */
const COMMIT_PAGES_WITH_THREAD = 16_000;
/** How often the log is copied while there are commits, ms. */
const PACE_MS = 200;

const PROGRAM = `
  database.pragma('synchronous = FULL');
  parentPort.on('message', () => {
    database.pragma('wal_checkpoint(PASSIVE)');
    parentPort.postMessage(null);
  });
`;

/**
 * Copies the log of SQLite into the database file from a thread of its own, so that the event loop
 * waits for nothing but the log. Without, SQLite does it inside a commit, and it still does where the log
 * grows long all the same.
 */
export class SqliteCheckpointer {
  private readonly logger = new Logger('LiveCallback');
  private readonly smallLog: number;
  private worker: Worker | undefined;
  private isWorking = false;
  private isOff = false;
  private lookedAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly options: SqliteThreadOptions,
  ) {
    this.smallLog = COMMIT_PAGES * Number(database.pragma('page_size', { simple: true }));
  }

  /** Has the log copied, where it is long and has not been just now. Never throws: the commit stands. */
  afterCommit(): void {
    const now = performance.now();
    if (this.isWorking || this.isOff || now - this.lookedAt < PACE_MS) return;
    this.lookedAt = now;
    try {
      this.copyLongLog();
    } catch (error) {
      this.giveUp(error);
    }
  }

  /** Ends the thread, before the database is closed. */
  async close(): Promise<void> {
    this.isOff = true;
    await this.worker?.terminate();
  }

  private copyLongLog(): void {
    const log = statSync(`${this.database.name}-wal`, { throwIfNoEntry: false });
    if (!log || log.size < this.smallLog) return;
    this.worker ??= this.start();
    this.worker?.postMessage(null);
    this.isWorking = true;
  }

  private start(): Worker | undefined {
    const worker = startSqliteThread(PROGRAM, this.database, this.options);
    if (!worker) {
      this.isOff = true;
      return undefined;
    }
    worker.on('message', () => (this.isWorking = false));
    worker.on('error', (error) => this.giveUp(error));
    // Last: a listener of messages would keep the process.
    worker.unref();
    this.database.pragma(`wal_autocheckpoint = ${COMMIT_PAGES_WITH_THREAD}`);
    return worker;
  }

  private giveUp(error: unknown): void {
    this.isOff = true;
    this.database.pragma(`wal_autocheckpoint = ${COMMIT_PAGES}`);
    this.logger.warn(
      `The log of SQLite is copied in the event loop from now on, since the thread for it failed: ${errorText(error)}`,
    );
  }
}
