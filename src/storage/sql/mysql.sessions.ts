import { retryOnContention } from '../connection/contention.js';
import { STATEMENT_TIMEOUT_MS } from '../connection/drivers/deadlines.js';
import {
  closeIdleConnections,
  type MysqlConnection,
  type MysqlPool,
} from '../connection/drivers/mysql.pool.js';
import { run, type Value } from './mysql.statements.js';

/** Runs a prepared statement on the connection of a session. */
export type Query = <T = unknown>(sql: string, values?: Value[]) => Promise<T>;

/** Gives pieces of work a connection of the pool, one each. */
export class MysqlSessions {
  /** @param named has a statement speak of the columns as the DataSource names them */
  constructor(
    private readonly pool: MysqlPool,
    private readonly named: (sql: string) => string,
  ) {}

  /** Runs statements in a transaction, again from the beginning when a deadlock has ended it. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return retryOnContention(() =>
      this.onConnection(async (query) => {
        await query('START TRANSACTION');
        const result = await work(query);
        await query('COMMIT');
        return result;
      }),
    );
  }

  /** Runs a statement that is committed by itself, again when a deadlock has ended it. */
  statement<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return retryOnContention(() => this.onConnection(work));
  }

  /** Runs statements one by one, each committed by itself. */
  async onConnection<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const connection = await this.connect();
    try {
      const result = await work((sql, values = []) => run(connection, this.named(sql), values));
      connection.release();
      return result;
    } catch (error) {
      // The state of the connection is in doubt; the server rolls back when it ends.
      connection.destroy();
      throw error;
    }
  }

  closeIdle(): void {
    closeIdleConnections(this.pool);
  }

  private connect(): Promise<MysqlConnection> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        reject(new Error(`No connection to the database within ${STATEMENT_TIMEOUT_MS} ms`));
      }, STATEMENT_TIMEOUT_MS);
      this.pool.getConnection((error, connection) => {
        clearTimeout(timer);
        if (error) reject(error);
        else if (isLate) connection.release();
        else resolve(connection);
      });
    });
  }
}

/** Runs everything on one connection, in the transaction that is open there. */
export class MysqlSessionWithin extends MysqlSessions {
  private readonly query: Query;

  constructor(connection: MysqlConnection, named: (sql: string) => string) {
    super(undefined as never, named);
    this.query = (sql, values = []) => run(connection, named(sql), values);
  }

  override transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return work(this.query);
  }

  override statement<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return work(this.query);
  }

  override onConnection<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return work(this.query);
  }
}
