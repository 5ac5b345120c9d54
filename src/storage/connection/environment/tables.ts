import type { DataSource, QueryRunner } from 'typeorm';

import { LIVE_CALLBACK_ENTITIES } from '../../entities/index.js';

/** Names of the module's tables that are not there. */
export async function missingTables(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    return await missingFrom(runner);
  } finally {
    await runner.release();
  }
}

/** {@link missingTables} on a connection that is in use already. */
export async function missingFrom(runner: QueryRunner): Promise<string[]> {
  const missing: string[] = [];
  for (const entity of LIVE_CALLBACK_ENTITIES) {
    const { tablePath, tableName } = runner.connection.getMetadata(entity);
    if (!(await runner.hasTable(tablePath))) missing.push(tableName);
  }
  return missing;
}
