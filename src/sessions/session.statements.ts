import { In, type EntityManager, type EntityTarget, type ObjectLiteral } from 'typeorm';

import { LivePush, LiveSession } from '../storage/entities/index.js';

/** Rows that one statement writes: every database takes so many parameters. */
const CHUNK = 500;

/** Writes rows as they are, whether they are there or not. */
export async function insertOrUpdate<T extends ObjectLiteral & { id: string }>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  rows: readonly T[],
): Promise<void> {
  const { columns } = manager.connection.getMetadata(entity);
  const id = columns.find(({ propertyName }) => propertyName === 'id')!.databaseName;
  const others = columns.map(({ databaseName }) => databaseName).filter((name) => name !== id);
  for (let start = 0; start < rows.length; start += CHUNK) {
    await manager
      .createQueryBuilder()
      .insert()
      .into(entity)
      .values(rows.slice(start, start + CHUNK))
      .orUpdate(others, [id])
      .updateEntity(false)
      .execute();
  }
}

/** Makes pushes those of another session. */
export async function movePushes(
  manager: EntityManager,
  ids: readonly string[],
  sessionId: string,
): Promise<void> {
  for (let start = 0; start < ids.length; start += CHUNK) {
    await manager.update(LivePush, { id: In(ids.slice(start, start + CHUNK)) }, { sessionId });
  }
}

/** Deletes sessions that have become part of others. */
export async function deleteSessions(
  manager: EntityManager,
  ids: readonly string[],
): Promise<void> {
  if (ids.length > 0) await manager.delete(LiveSession, { id: In([...ids]) });
}
