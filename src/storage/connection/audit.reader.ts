import type { DataSource } from 'typeorm';

import { withTimeout } from '../../common/with-timeout.js';
import { AuditBusyError, StorageUnavailableError } from '../storage.error.js';
import { isConnectionFault } from './connection-fault.js';
import { retryStatements } from './contention.js';
import { dialectOf } from './dialect.js';
import { STATEMENT_TIMEOUT_MS } from './drivers/deadlines.js';
import { driverHandle } from './drivers/driver-handle.js';
import { prepareMysqlPool } from './drivers/mysql.pool.js';
import { preparePostgresPool } from './drivers/postgres.pool.js';
import { SqliteReader } from './drivers/sqlite.reader.js';

/** Questions that run at once, each on a connection of its own. */
export const READERS = 2;
/** How long one has run when another may run beside it, ms: short ones take turns, and callbacks come between. */
const LONG_MS = 100;
/** Questions that wait for their turn. */
const MOST_WAITING = 1_000;
const DEADLINE_MS = 8_000;
/** What the databases, and this module, say when a statement has taken too long. */
const TOO_LONG =
  /statement timeout|execution time exceeded|max_statement_time|did not answer within/i;

interface Opened {
  readonly dataSource: DataSource;
  readonly thread: SqliteReader | undefined;
}

/**
 * Runs what people ask beside the callbacks: on connections that the callbacks do not need, in a thread
 * where the database is SQLite, so many at a time and no longer than a bound.
 */
export class AuditReader {
  private opened: Promise<Opened> | undefined;
  private running = 0;
  /** Of these, those that take long. */
  private long = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param create makes a DataSource of the module, not initialised
   * @param deadlineMs how long an answer may take, the turns of others included
   * @param sqliteMs how long a statement of SQLite may take; servers have a bound of their own
   */
  constructor(
    private readonly create: () => DataSource,
    private readonly deadlineMs = DEADLINE_MS,
    private readonly sqliteMs = STATEMENT_TIMEOUT_MS,
  ) {}

  /** @throws AuditBusyError, StorageUnavailableError */
  read<T>(question: (dataSource: DataSource) => Promise<T>): Promise<T> {
    let isLate = false;
    const answer = this.inTurn(async () => {
      if (isLate) throw new AuditBusyError();
      this.opened ??= open(this.create(), this.sqliteMs).catch((error: unknown) => {
        this.opened = undefined;
        throw error;
      });
      return question((await this.opened).dataSource);
    });
    return withTimeout(answer, this.deadlineMs, () => {
      isLate = true;
      return new AuditBusyError();
    });
  }

  async close(): Promise<void> {
    const opened = await this.opened?.catch(() => undefined);
    this.opened = undefined;
    await opened?.thread?.close();
    await opened?.dataSource.destroy();
  }

  /** A place is free when the database has answered, and not before, whoever has given up on it. */
  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting.length >= MOST_WAITING) throw new AuditBusyError();
    const turn = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.admit();
    await turn;
    let isLong = false;
    const timer = setTimeout(() => {
      isLong = true;
      this.long++;
      this.admit();
    }, LONG_MS);
    try {
      return await work();
    } catch (error) {
      throw TOO_LONG.test(String(error)) ? new AuditBusyError({ cause: error }) : error;
    } finally {
      clearTimeout(timer);
      if (isLong) this.long--;
      this.running--;
      this.admit();
    }
  }

  /** Gives the next one its turn, unless one runs that is short so far. */
  private admit(): void {
    if (this.running > this.long || this.running === READERS) return;
    const next = this.waiting.shift();
    if (!next) return;
    this.running++;
    next();
  }
}

/** Otherwise the server goes on when nobody waits for the answer any more. */
async function deadlineOf(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query<{ version: string }[]>('SELECT VERSION() AS version');
  return row?.version.includes('MariaDB')
    ? `SET SESSION max_statement_time = ${STATEMENT_TIMEOUT_MS / 1000}`
    : `SET SESSION max_execution_time = ${STATEMENT_TIMEOUT_MS}`;
}

async function open(dataSource: DataSource, sqliteMs: number): Promise<Opened> {
  try {
    await dataSource.initialize();
  } catch (error) {
    if (!isConnectionFault(error)) throw error;
    throw new StorageUnavailableError('storage-away', { cause: error });
  }
  const dialect = dialectOf(dataSource);
  if (dialect === 'mysql') {
    await prepareMysqlPool(driverHandle.mysql(dataSource), [await deadlineOf(dataSource)]);
  }
  if (dialect === 'postgres') await preparePostgresPool(driverHandle.postgres(dataSource));
  retryStatements(dataSource);
  const thread = dialect === 'sqlite' ? new SqliteReader(dataSource, sqliteMs) : undefined;
  return { dataSource, thread };
}
