import type { MigrationInterface, QueryRunner } from 'typeorm';

import { columnNames } from '../connection/column-names.js';
import { dialectOf, type Dialect } from '../connection/dialect.js';
import { tableName } from '../connection/table-name.js';
import { LiveReconciliation, LiveSession } from '../entities/index.js';
import { TYPES } from './schema.js';

/** Columns that came later: where, of which property, what they are called, and their types. */
const COLUMNS = [
  [LiveSession, 'unconfirmedCount', 'unconfirmed_count', () => 'int DEFAULT 0 NOT NULL'],
  [LiveReconciliation, 'aliveAt', 'alive_at', () => 'bigint'],
  [LiveReconciliation, 'gapFrom', 'gap_from', () => 'bigint'],
  [LiveReconciliation, 'caughtUpAt', 'caught_up_at', () => 'bigint'],
  [LiveReconciliation, 'failure', 'failure', (dialect: Dialect) => TYPES[dialect].ascii],
] as const;

/** Adds what is known of pushes that are missing from the cloud, and how the comparison with it stands. May run again. */
export class AddUnconfirmed1764000000003 implements MigrationInterface {
  readonly name = 'AddUnconfirmed1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    const { connection } = runner;
    for (const [entity, property, name, typeOf] of COLUMNS) {
      const { tablePath, columns } = connection.getMetadata(entity);
      const { databaseName } = columns.find(({ propertyName }) => propertyName === property)!;
      if (await runner.hasColumn(tablePath, databaseName)) continue;
      const table = tableName(connection, entity);
      const type = typeOf(dialectOf(connection));
      await runner.query(
        columnNames(connection)(`ALTER TABLE ${table} ADD COLUMN ${name} ${type}`),
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [entity, , name] of COLUMNS) {
      const table = tableName(runner.connection, entity);
      await runner.query(
        columnNames(runner.connection)(`ALTER TABLE ${table} DROP COLUMN ${name}`),
      );
    }
  }
}
