import { DataSource } from 'typeorm';

import { DATABASES, type TestDatabase } from '../test/support/databases.js';
import { DATABASE_NAMES, type DatabaseKey } from './contenders.js';
import { cpuSecondsOf, ownSecondsOf, parentOf, processNamed } from './processes.js';

/** Rows of the delivery table, by state. */
export interface DeliveryCounts {
  readonly pending: number;
  readonly done: number;
  readonly dead: number;
}

/** Processes or threads of the other connections to a database. */
const CONNECTIONS: Record<DatabaseKey, string | null> = {
  sqlite: null,
  postgres:
    'SELECT pid AS task FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  mariadb:
    'SELECT tid AS task FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
};

/** A fresh database of the run, seen from outside the server. */
export class BenchDatabase {
  private constructor(
    readonly key: DatabaseKey,
    private readonly created: TestDatabase,
    readonly dataSource: DataSource,
    private readonly serverPid: number | null,
  ) {}

  /** @throws Error when the database does not answer */
  static async create(key: DatabaseKey): Promise<BenchDatabase> {
    const found = DATABASES.find(({ name }) => name === DATABASE_NAMES[key]);
    if (!found || found.isAbsent) throw new Error(`${DATABASE_NAMES[key]} does not answer.`);
    // Without tables, because another checkout or a contender makes its own.
    const created = await found.createBare();
    const dataSource = await new DataSource({ ...created.options }).initialize();
    return new BenchDatabase(key, created, dataSource, await serverPidOf(dataSource));
  }

  get options(): object {
    return this.created.options;
  }

  async drop(): Promise<void> {
    await this.dataSource.destroy();
    await this.created.drop();
  }

  /** CPU time of the database server, seconds; null for SQLite, and where it cannot be had. */
  cpuSeconds(): number | null {
    return this.serverPid === null ? null : cpuSecondsOf(this.serverPid);
  }

  /** CPU time of each connection to this database but our own, seconds, by its process or thread. */
  async connectionSeconds(): Promise<ReadonlyMap<string, number>> {
    const sql = CONNECTIONS[this.key];
    if (sql === null || this.serverPid === null) return new Map();
    const rows = await this.dataSource.query<{ task: number }[]>(sql);
    const prefix = this.key === 'mariadb' ? `${this.serverPid}/task/` : '';
    const tasks = rows.map(({ task }) => `${prefix}${task}`);
    return new Map(tasks.map((task) => [task, ownSecondsOf(task)]));
  }

  rows(table: string): Promise<number> {
    return this.count(`SELECT count(*) AS n FROM ${table}`);
  }

  pending(): Promise<number> {
    return this.count("SELECT count(*) AS n FROM live_callback_delivery WHERE state = 'pending'");
  }

  async deliveries(): Promise<DeliveryCounts> {
    const rows = await this.dataSource.query<{ state: keyof DeliveryCounts; n: unknown }[]>(
      'SELECT state, count(*) AS n FROM live_callback_delivery GROUP BY state',
    );
    const counts = Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)]));
    return { pending: 0, done: 0, dead: 0, ...counts };
  }

  /** Name and version of the server. */
  async version(): Promise<string> {
    const sql = this.key === 'sqlite' ? 'SELECT sqlite_version() AS v' : 'SELECT version() AS v';
    const [row] = await this.dataSource.query<{ v: string }[]>(sql);
    const version = /\d+(\.\d+)+/.exec(row?.v ?? '')?.[0] ?? '';
    return `${DATABASE_NAMES[this.key]} ${version}`;
  }

  private async count(sql: string): Promise<number> {
    const [row] = await this.dataSource.query<{ n: unknown }[]>(sql);
    return Number(row?.n);
  }
}

/** The server process, when it runs on this machine. */
async function serverPidOf(dataSource: DataSource): Promise<number | null> {
  if (dataSource.options.type === 'postgres') {
    const [row] = await dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
    return row ? parentOf(row.pid, 'postgres') : null;
  }
  return dataSource.options.type === 'mariadb' ? processNamed('mariadbd', 'mysqld') : null;
}
