import type { Worker } from 'node:worker_threads';

import type { Database } from 'better-sqlite3';
import type { DataSource } from 'typeorm';

import { STATEMENT_TIMEOUT_MS } from './deadlines.js';
import { withTimeout } from '../../../common/with-timeout.js';
import { driverHandle } from './driver-handle.js';
import { startSqliteThread, type SqliteThreadOptions } from './sqlite.thread.js';

/** How long the thread may take to end, ms. */
const LAST_ANSWER_MS = 500;

/** What a statement of a question asks for each row, since nobody outside can stop SQLite. */
export const IN_TIME = 'live_callback_in_time()';

const PROGRAM = `
  database.pragma('query_only = ON');
  database.pragma('busy_timeout = ${STATEMENT_TIMEOUT_MS}');
  let end = 0;
  database.function('live_callback_in_time', { deterministic: false }, () => {
    if (Date.now() > end) throw new Error('statement timeout');
    return 1;
  });
  parentPort.on('message', ({ id, sql, parameters, timeoutMs }) => {
    try {
      end = Date.now() + timeoutMs;
      parentPort.postMessage({ id, rows: database.prepare(sql).all(...parameters) });
    } catch ({ message, code }) {
      parentPort.postMessage({ id, error: { message, code } });
    }
  });
`;

/** What the thread answers. */
interface ThreadAnswer {
  readonly id: number;
  readonly rows?: unknown[];
  readonly error?: { readonly message: string; readonly code: string };
}

interface Asked {
  resolve(rows: unknown[]): void;
  reject(error: Error): void;
}

/**
 * Runs the queries of a DataSource in a thread: SQLite works in the thread that asks, and that of the event
 * loop has callbacks to store.
 */
export class SqliteReader {
  private readonly database: Database;
  private readonly asked = new Map<number, Asked>();
  private worker: Worker | undefined;
  private count = 0;

  /**
   * @param dataSource initialised; asks nothing by itself from now on
   * @param timeoutMs how long a statement that asks {@link IN_TIME} may take
   */
  constructor(
    private readonly dataSource: DataSource,
    private readonly timeoutMs = STATEMENT_TIMEOUT_MS,
  ) {
    this.database = driverHandle.sqlite(dataSource);
    // Where there is no thread.
    this.database.function('live_callback_in_time', { deterministic: false }, () => 1);
    const runner = dataSource.createQueryRunner();
    const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(runner, {
      query: async (sql: string, parameters: unknown[] = [], isStructured = false) => {
        const worker = (this.worker ??= this.start());
        // Where there can be no thread, as in a bundle that hides the driver.
        if (!worker) return query(sql, parameters, isStructured);
        const records = await this.ask(worker, sql, parameters);
        return isStructured ? { raw: records, records } : records;
      },
    });
  }

  /** What was asked last ends with the thread: it asks for the time. */
  async close(): Promise<void> {
    this.fail(new Error('The application has stopped'));
    const ended = this.worker?.terminate();
    // Who closes the file last copies its log, which a thread that only reads cannot.
    await withTimeout(Promise.resolve(ended), LAST_ANSWER_MS, () => new Error('it reads on')).catch(
      () => {},
    );
  }

  private ask(worker: Worker, sql: string, parameters: unknown[]): Promise<unknown[]> {
    const id = this.count++;
    const bound = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      const question = { id, sql, parameters: bound, timeoutMs: this.timeoutMs };
      worker.postMessage(question, []);
    });
  }

  private start(): Worker | undefined {
    const { options } = this.dataSource;
    const worker = startSqliteThread(PROGRAM, this.database, options as SqliteThreadOptions);
    worker?.on('message', ({ id, rows, error }: ThreadAnswer) => {
      if (rows) this.asked.get(id)?.resolve(rows);
      else this.asked.get(id)?.reject(Object.assign(new Error(error?.message), error));
      this.asked.delete(id);
    });
    worker?.on('error', (error) => {
      this.worker = undefined;
      this.fail(error);
    });
    // Last: a listener of messages would keep the process.
    worker?.unref();
    return worker;
  }

  private fail(error: Error): void {
    for (const one of this.asked.values()) one.reject(error);
    this.asked.clear();
  }
}
