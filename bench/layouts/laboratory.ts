import { DataSource, type DataSourceOptions } from 'typeorm';

import { dialectOf, type Dialect } from '../../src/storage/connection/dialect.js';
import { driverHandle } from '../../src/storage/connection/drivers/driver-handle.js';
import type { ColumnType, Layout, Row, Step, Table } from './layout.js';

const TYPES: Record<Dialect, Record<ColumnType, string>> = {
  sqlite: { id: 'text', text: 'text', int: 'integer', time: 'integer', list: 'text' },
  postgres: { id: 'uuid', text: 'text COLLATE "C"', int: 'int', time: 'bigint', list: 'uuid[]' },
  mysql: {
    id: 'char(36) CHARACTER SET ascii COLLATE ascii_bin',
    text: 'varchar(190) CHARACTER SET ascii COLLATE ascii_bin',
    int: 'int',
    time: 'bigint',
    list: 'mediumtext CHARACTER SET ascii COLLATE ascii_bin',
  },
};

/** Runs the steps of layouts as the module's writers would: arrays, rows of values, or prepared statements. */
export class Laboratory {
  private readonly dialect: Dialect;

  private constructor(
    private readonly dataSource: DataSource,
    private readonly tables: readonly Table[],
  ) {
    this.dialect = dialectOf(dataSource);
  }

  static async open(options: object, layout: Layout): Promise<Laboratory> {
    const dataSource = await new DataSource(options as DataSourceOptions).initialize();
    if (dialectOf(dataSource) === 'sqlite') {
      await dataSource.query('PRAGMA journal_mode = WAL');
      await dataSource.query('PRAGMA synchronous = FULL');
    }
    const laboratory = new Laboratory(dataSource, layout.tables);
    for (const table of layout.tables) await laboratory.create(table);
    return laboratory;
  }

  /** One commit. */
  async commit(steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return;
    if (this.dialect === 'sqlite') return this.commitOnSqlite(steps);
    await this.dataSource.transaction(async (manager) => {
      for (const step of steps) {
        const [sql, values] = this.dialect === 'postgres' ? onPostgres(step) : onMysql(step);
        await manager.query(sql, values as unknown[]);
      }
    });
  }

  close(): Promise<void> {
    return this.dataSource.destroy();
  }

  private async create({ name, columns, key, indexes }: Table): Promise<void> {
    const types = TYPES[this.dialect];
    const lines = Object.entries(columns).map(([column, type]) => `${column} ${types[type]}`);
    await this.dataSource.query(
      `CREATE TABLE ${name} (${[...lines, `PRIMARY KEY (${key.join(', ')})`].join(', ')})`,
    );
    for (const [n, [on, where]] of indexes.entries()) {
      const condition = where && this.dialect !== 'mysql' ? ` WHERE ${where}` : '';
      await this.dataSource.query(`CREATE INDEX ix_${name}_${n} ON ${name} (${on})${condition}`);
    }
  }

  private commitOnSqlite(steps: readonly Step[]): void {
    const database = driverHandle.sqlite(this.dataSource);
    database.exec('BEGIN IMMEDIATE');
    for (const step of steps) {
      if ('insert' in step) {
        const columns = this.columnsOf(step.insert);
        const sql = `INSERT INTO ${step.insert} (${columns.join(', ')}) VALUES (${columns.map((it) => `@${it}`).join(', ')})`;
        const none = Object.fromEntries(columns.map((it) => [it, null]));
        const statement = database.prepare(sql);
        for (const row of step.rows) statement.run({ ...none, ...plain(row) });
      } else if ('update' in step) {
        const set = Object.keys(step.set).map((it) => `${it} = @${it}`);
        const statement = database.prepare(
          `UPDATE ${step.update} SET ${set.join(', ')} WHERE ${where(step.keys[0])}`,
        );
        for (const key of step.keys) statement.run(plain({ ...step.set, ...key }));
      } else {
        const statement = database.prepare(
          `DELETE FROM ${step.remove} WHERE ${where(step.keys[0])}`,
        );
        for (const key of step.keys) statement.run(plain(key));
      }
    }
    database.exec('COMMIT');
  }

  private columnsOf(name: string): string[] {
    return Object.keys(this.tables.find((table) => table.name === name)!.columns);
  }
}

const where = (key: Row | undefined) =>
  Object.keys(key!)
    .map((it) => `${it} = @${it}`)
    .join(' AND ');

const plain = (row: Row) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value as string | number | null),
    ]),
  );

type Statement = readonly [sql: string, values: readonly unknown[]];

function onPostgres(step: Step): Statement {
  if ('insert' in step) {
    return [
      `INSERT INTO ${step.insert} SELECT * FROM json_populate_recordset(NULL::${step.insert}, $1)`,
      [JSON.stringify(step.rows)],
    ];
  }
  // By the first column of the key, as the writer of the module does it.
  const [first] = Object.keys(step.keys[0]!) as [string];
  const ids = [...new Set(step.keys.map((key) => key[first]))];
  const among = `${first} = ANY($1::uuid[])`;
  if ('remove' in step) return [`DELETE FROM ${step.remove} WHERE ${among}`, [ids]];
  const names = Object.keys(step.set);
  const set = names.map((name, n) => `${name} = $${n + 2}`);
  return [
    `UPDATE ${step.update} SET ${set.join(', ')} WHERE ${among}`,
    [ids, ...names.map((name) => step.set[name])],
  ];
}

function onMysql(step: Step): Statement {
  if ('insert' in step) {
    const names = Object.keys(step.rows[0]!);
    const marks = `(${names.map(() => '?').join(', ')})`;
    return [
      `INSERT INTO ${step.insert} (${names.join(', ')}) VALUES ${step.rows.map(() => marks).join(', ')}`,
      step.rows.flatMap((row) => Object.values(plain(row))),
    ];
  }
  const names = Object.keys(step.keys[0]!);
  const marks = `(${names.map(() => '?').join(', ')})`;
  const among = `(${names.join(', ')}) IN (${step.keys.map(() => marks).join(', ')})`;
  const keys = step.keys.flatMap((key) => Object.values(key));
  if ('remove' in step) return [`DELETE FROM ${step.remove} WHERE ${among}`, keys];
  const set = Object.keys(step.set).map((name) => `${name} = ?`);
  return [
    `UPDATE ${step.update} SET ${set.join(', ')} WHERE ${among}`,
    [...Object.values(step.set), ...keys],
  ];
}
