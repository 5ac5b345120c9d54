import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';

import { CallbackDatabase } from './connection/callback.database.js';
import { LiveCallbackRejection } from './entities/index.js';

/** Keeps the counts of refused requests. */
@Injectable()
export class RejectionStore {
  constructor(private readonly database: CallbackDatabase) {}

  /** Adds rows, or updates count and time of those with the same id: all or none. */
  async record(rows: readonly LiveCallbackRejection[]): Promise<void> {
    const { manager } = this.database;
    const { columns } = manager.connection.getMetadata(LiveCallbackRejection);
    const namesOf = (...properties: (keyof LiveCallbackRejection)[]) =>
      properties.map((one) => columns.find((it) => it.propertyName === one)!.databaseName);
    await manager
      .createQueryBuilder()
      .insert()
      .into(LiveCallbackRejection)
      .values([...rows])
      .orUpdate(namesOf('count', 'lastAt'), namesOf('id'))
      .updateEntity(false)
      .execute();
  }

  /** @returns how many of them there were */
  async delete(ids: readonly string[]): Promise<number> {
    const { affected } = await this.database.manager
      .createQueryBuilder()
      .delete()
      .from(LiveCallbackRejection)
      .where({ id: In([...ids]) })
      .execute();
    return affected ?? 0;
  }
}
