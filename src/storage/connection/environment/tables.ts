import type { DataSource, QueryRunner } from 'typeorm';

import { LIVE_CALLBACK_ENTITIES } from '../../entities/index.js';
import { dialectOf } from '../dialect.js';
import { tableName } from '../table-name.js';

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
  const isPostgres = dialectOf(runner.connection) === 'postgres';
  const missing = await (isPostgres ? missingInPostgres(runner) : missingOneByOne(runner));
  return missing.map((entity) => runner.connection.getMetadata(entity).tableName);
}

type Entity = (typeof LIVE_CALLBACK_ENTITIES)[number];

/** By one statement: TypeORM's question about one table takes PostgreSQL a millisecond, and there are ten. */
async function missingInPostgres(runner: QueryRunner): Promise<Entity[]> {
  const names = LIVE_CALLBACK_ENTITIES.map((entity) => tableName(runner.connection, entity));
  const found = (await runner.query(
    'SELECT to_regclass(name) IS NOT NULL AS "isThere" FROM unnest($1::text[]) WITH ORDINALITY AS t (name, n) ORDER BY n',
    [names],
  )) as { isThere: boolean }[];
  return LIVE_CALLBACK_ENTITIES.filter((_, index) => !found[index]!.isThere);
}

async function missingOneByOne(runner: QueryRunner): Promise<Entity[]> {
  const missing: Entity[] = [];
  for (const entity of LIVE_CALLBACK_ENTITIES) {
    const { tablePath } = runner.connection.getMetadata(entity);
    if (!(await runner.hasTable(tablePath))) missing.push(entity);
  }
  return missing;
}
