import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

/** Quoted name of an entity's table, with schema and prefix as the DataSource sets them. */
export function tableName(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>): string {
  const { tablePath } = dataSource.getMetadata(entity);
  return tablePath
    .split('.')
    .map((part) => dataSource.driver.escape(part))
    .join('.');
}
