import type { MigrationInterface, QueryRunner } from 'typeorm';

import { columnNames } from '../connection/column-names.js';
import { dialectOf } from '../connection/dialect.js';
import { tableName } from '../connection/table-name.js';
import { LiveReconciliation } from '../entities/index.js';
import { TABLE_OPTIONS, TYPES } from './schema.js';

/** Creates the table of reconciliation. */
export class CreateLiveReconciliation1764000000002 implements MigrationInterface {
  readonly name = 'CreateLiveReconciliation1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = dialectOf(runner.connection);
    const { ascii } = TYPES[dialect];
    const table = tableName(runner.connection, LiveReconciliation);
    await runner.query(
      columnNames(runner.connection)(
        `CREATE TABLE IF NOT EXISTS ${table} (
          registration ${ascii} NOT NULL PRIMARY KEY,
          owner ${ascii} NOT NULL,
          lease_until bigint NOT NULL,
          watermark_at bigint,
          deep_at bigint,
          alive_at bigint,
          gap_from bigint,
          caught_up_at bigint,
          failure ${ascii})${TABLE_OPTIONS[dialect]}`,
      ),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    const table = tableName(runner.connection, LiveReconciliation);
    await runner.query(`DROP TABLE IF EXISTS ${table}`);
  }
}
