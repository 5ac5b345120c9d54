import type { MigrationInterface, QueryRunner } from 'typeorm';

import { columnNames } from '../connection/column-names.js';
import { tableName } from '../connection/table-name.js';
import { LiveReconciliation, LiveSession } from '../entities/index.js';

/** Columns that came later, with their types. */
const COLUMNS = [
  [LiveSession, 'unconfirmedCount', 'unconfirmed_count int DEFAULT 0 NOT NULL'],
  [LiveReconciliation, 'aliveAt', 'alive_at bigint'],
  [LiveReconciliation, 'gapFrom', 'gap_from bigint'],
] as const;

/** Adds what is known of pushes that are missing from the cloud, and of standstills. May run again. */
export class AddUnconfirmed1764000000003 implements MigrationInterface {
  readonly name = 'AddUnconfirmed1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    const { connection } = runner;
    for (const [entity, property, definition] of COLUMNS) {
      const { tablePath, columns } = connection.getMetadata(entity);
      const { databaseName } = columns.find(({ propertyName }) => propertyName === property)!;
      if (await runner.hasColumn(tablePath, databaseName)) continue;
      const table = tableName(connection, entity);
      await runner.query(columnNames(connection)(`ALTER TABLE ${table} ADD COLUMN ${definition}`));
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [entity, , definition] of COLUMNS) {
      const table = tableName(runner.connection, entity);
      const [name] = definition.split(' ');
      await runner.query(
        columnNames(runner.connection)(`ALTER TABLE ${table} DROP COLUMN ${name}`),
      );
    }
  }
}
